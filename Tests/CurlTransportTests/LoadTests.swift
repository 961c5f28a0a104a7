import CurlTransport
import Glibc
import NIOCore
import NIOPosix
import Testing
import WhinchatTesting

@Suite(.serialized) struct LoadTests {
    /// Held up by a test, it must not hold up others.
    private static let loopToHoldUp = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    @Test func `a thousand transfers at once, each whole`() async throws {
        // No provider answers before all have asked: all thousand are under way at once.
        let count = 1000
        let provider = try await FakeProvider.start()
        let rig = try Rig()
        var recorders: [Recorder] = []
        for index in 0..<count { recorders.append(try await rig.get(provider.baseURL + "/\(index)")) }
        var exchanges: [Exchange] = []
        for _ in 0..<count { exchanges.append(try await provider.nextExchange()) }
        #expect(Set(exchanges.map(\.request.connectionID)).count == count)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for exchange in exchanges {
                group.addTask {
                    try await exchange.sendHead()
                    for token in 0..<20 { try await exchange.sendChunk("\(exchange.request.path)-\(token) ") }
                    try await exchange.endChunks()
                }
            }
            try await group.waitForAll()
        }
        for (index, recorder) in recorders.enumerated() {
            #expect(try await recorder.end() == nil)
            #expect(try await recorder.text() == (0..<20).map { "/\(index)-\($0) " }.joined())
        }
        await rig.engine.shutdown()
        await provider.stop()
    }

    @Test(arguments: [false, true]) func `a loop that falls behind is not read for`(isTLS: Bool) async throws {
        let limit = 256 * 1024
        let size = 24 * 1024 * 1024
        let piece = (0..<32 * 1024).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ ($0 >> 8)) }
        let sent = SentBytes()
        let provider = try await FakeProvider.start(certificate: isTLS ? try .shared() : nil) { exchange in
            Task {
                try await exchange.sendHead()
                while sent.value < size {
                    try await exchange.connection.send(Exchange.chunk(ByteBuffer(bytes: piece)))
                    sent.add(piece.count)
                }
                try await exchange.endChunks()
            }
        }
        let rig = try Rig(
            .init(authoritiesFile: try TestCertificate.shared().file, proxy: .none, undeliveredLimitBytes: limit),
            on: Self.loopToHoldUp.next())
        let gate = LoopGate()
        // The first piece holds its loop up until the test has looked.
        let (_, recorder) = try await rig.start(TransferRequest(url: provider.baseURL)) { _ in gate.waitOnce() }
        // The provider stops being able to send: the socket buffers and the engine's bound are full.
        var last = -1
        var unchanged = 0
        while unchanged < 20 {
            try await Task.sleep(for: .milliseconds(20))
            unchanged = sent.value == last ? unchanged + 1 : 0
            last = sent.value
        }
        #expect(last < size)
        #expect(rig.queue.undeliveredBodyBytes <= limit + 64 * 1024)
        gate.open()
        #expect(try await recorder.end() == nil)
        let bytes = try await recorder.bytes()
        #expect(bytes.count == size)
        // memcmp: a loop over so many bytes takes seconds in a debug build.
        let areEqual = bytes.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: piece.count).allSatisfy { start in
                let part = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + piece.count, bytes.count)])
                guard let base = part.baseAddress else { return false }
                return memcmp(base, piece, part.count) == 0
            }
        }
        #expect(areEqual)
        await provider.stop()
    }

    @Test func `shutdown ends what is under way, and refuses what comes later`() async throws {
        let provider = try await FakeProvider.start()
        let rig = try Rig()
        var recorders: [Recorder] = []
        for _ in 0..<20 { recorders.append(try await rig.get(provider.baseURL)) }
        for index in 0..<20 {
            let exchange = try await provider.nextExchange()
            if index % 2 == 0 { try await exchange.sendHead() }
        }
        await rig.engine.shutdown()
        for recorder in recorders { #expect(try await recorder.end()?.kind == .unavailable) }
        for connection in provider.connections { #expect(try await connection.closed().isByPeer) }
        let (transfer, late) = try await rig.start(TransferRequest(method: .get, url: provider.baseURL))
        #expect(try await late.end()?.kind == .unavailable)
        try await rig.cancelAndWait(transfer)
        await rig.engine.shutdown()
        await provider.stop()
    }

    @Test func `an engine that nobody holds closes its connections`() async throws {
        let provider = try await FakeProvider.start()
        var rig: Rig? = try Rig()
        let recorder = try await rig?.get(provider.baseURL)
        rig = nil
        // The transfer under way holds it until it has ended.
        let exchange = try await provider.nextExchange()
        try await exchange.respond(body: "to the end")
        #expect(try await recorder?.end() == .some(nil))
        #expect(try await exchange.connection.closed().isByPeer)
        await provider.stop()
    }
}
