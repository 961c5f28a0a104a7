import CurlTransport
import NIOCore
import Testing
import WhinchatTesting

@Suite struct CancelTests {
    /// Where the provider has fallen silent.
    enum Silence: CaseIterable, Sendable { case beforeHead, afterHead, midReply, midChunk }

    @Test(arguments: Silence.allCases, [false, true])
    func `cancel closes the connection of a silent provider`(silence: Silence, isTLS: Bool) async throws {
        let provider = try await FakeProvider.start(certificate: isTLS ? try .shared() : nil)
        let rig = try Rig.trusting()
        let (transfer, recorder) = try await rig.start(
            TransferRequest(url: provider.baseURL, body: ByteBuffer(string: "{}")))
        let exchange = try await provider.nextExchange()
        if silence != .beforeHead {
            try await exchange.sendHead()
            _ = try await recorder.head()
        }
        if silence == .midReply {
            try await exchange.sendChunk("half a reply")
            try await recorder.reached(12)
        }
        if silence == .midChunk {
            try await exchange.connection.send("ff\r\nhalf a chunk")
            try await recorder.reached(12)
        }
        let calls = try await recorder.callCount()
        try await rig.cancelAndWait(transfer)
        let departure = try await exchange.connection.closed()
        #expect(departure.isByPeer)
        #expect(isTLS || departure.manner == .fin)
        #expect(try await recorder.callCount() == calls)
        await rig.engine.shutdown()
        #expect(try await recorder.callCount() == calls)
        await provider.stop()
    }

    @Test(arguments: [false, true]) func `the next request opens a connection of its own`(isTLS: Bool) async throws {
        let provider = try await FakeProvider.start(certificate: isTLS ? try .shared() : nil)
        let rig = try Rig.trusting()
        let (transfer, _) = try await rig.start(TransferRequest(url: provider.baseURL))
        let first = try await provider.nextExchange()
        try await first.sendHead()
        try await rig.cancelAndWait(transfer)
        let recorder = try await rig.get(provider.baseURL)
        let second = try await provider.nextExchange()
        #expect(second.request.connectionID == 2)
        try await second.respond(body: "fresh")
        #expect(try await recorder.end() == nil)
        #expect(try await recorder.text() == "fresh")
        await provider.stop()
    }

    @Test func `cancel from inside a callback drops what is still in flight`() async throws {
        let provider = try await FakeProvider.start()
        let rig = try Rig()
        let closed = rig.loop.makePromise(of: Void.self)
        let box = NIOLoopBoundBox.makeBoxSendingValue(nil as Transfer?, eventLoop: rig.loop)
        let (transfer, recorder) = try await rig.start(TransferRequest(url: provider.baseURL)) { _ in
            box.value?.cancel { closed.succeed() }
        }
        try await rig.loop.submit { box.value = transfer }.get()
        let exchange = try await provider.nextExchange()
        // One write: head, pieces and end arrive in one pass, so that everything after the first piece is in flight.
        var response = Exchange.head()
        response.writeImmutableBuffer(Exchange.chunk(ByteBuffer(string: "first")))
        response.writeImmutableBuffer(Exchange.lastChunk)
        try await exchange.connection.send(response)
        try await closed.futureResult.get(waitingFor: "the engine to answer the cancel")
        #expect(try await recorder.text() == "first")
        #expect(try await recorder.callCount() == 2)
        await rig.engine.shutdown()
        #expect(try await recorder.callCount() == 2)
        await provider.stop()
    }

    @Test func `cancel twice, and after the end, is answered and has no effect`() async throws {
        let provider = try await FakeProvider.start()
        let rig = try Rig()
        let (first, _) = try await rig.start(TransferRequest(url: provider.baseURL))
        let exchange = try await provider.nextExchange()
        try await rig.cancelAndWait(first)
        try await rig.cancelAndWait(first)
        #expect(try await exchange.connection.closed().isByPeer)

        let (second, recorder) = try await rig.start(TransferRequest(url: provider.baseURL))
        let next = try await provider.nextExchange()
        try await next.respond(body: "whole")
        #expect(try await recorder.end() == nil)
        let wasCalledAtOnce = try await rig.loop.submit { [loop = rig.loop] in
            let called = NIOLoopBoundBox(false, eventLoop: loop)
            second.cancel { called.value = true }
            return called.value
        }.get()
        #expect(wasCalledAtOnce)
        // The connection of a transfer that had ended is kept.
        let third = try await rig.get(provider.baseURL)
        let last = try await provider.nextExchange()
        #expect(last.request.connectionID == next.request.connectionID)
        try await last.respond()
        #expect(try await third.end() == nil)
        await provider.stop()
    }

    @Test func `cancel right after start is answered, before anything was sent`() async throws {
        let provider = try await FakeProvider.start()
        let rig = try Rig()
        let closed = rig.loop.makePromise(of: Void.self)
        let recorder = try await rig.loop.submit { [rig] in
            let recorder = Recorder(on: rig.loop)
            let transfer = rig.queue.start(TransferRequest(url: provider.baseURL), receiver: recorder)
            transfer.cancel { closed.succeed() }
            return recorder
        }.get()
        try await closed.futureResult.get(waitingFor: "the engine to answer the cancel")
        #expect(try await recorder.callCount() == 0)
        await provider.stop()
    }

    @Test func `a connection that was never accepted can be cancelled`() async throws {
        let deaf = try DeafServer()
        let rig = try Rig()
        var request = TransferRequest(url: "http://127.0.0.1:\(deaf.port)")
        request.connectTimeout = .seconds(600)
        let (transfer, recorder) = try await rig.start(request)
        try await rig.cancelAndWait(transfer)
        #expect(try await recorder.callCount() == 0)
    }

    @Test(arguments: [false, true]) func `cancels at random moments are all answered and all seen`(isTLS: Bool)
        async throws
    {
        // The provider sends for ever: only a cancel ends a transfer.
        let provider = try await FakeProvider.start(certificate: isTLS ? try .shared() : nil) { exchange in
            Task {
                try await exchange.sendHead()
                while true { try await exchange.sendChunk("token ") }
            }
        }
        let rig = try Rig.trusting()
        let count = 200
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<count {
                group.addTask {
                    let (transfer, recorder) = try await rig.start(TransferRequest(url: provider.baseURL))
                    switch index % 4 {
                    case 0: break
                    case 1: for _ in 0..<Int.random(in: 0..<50) { await Task.yield() }
                    case 2: _ = try await recorder.head()
                    default: try await recorder.reached(Int.random(in: 1..<2000))
                    }
                    // Counted in the same turn of the loop in which the cancel returns.
                    let closed = rig.loop.makePromise(of: Void.self)
                    rig.loop.execute { transfer.cancel { closed.succeed() } }
                    let calls = try await recorder.callCount()
                    try await closed.futureResult.get(waitingFor: "the engine to close socket \(index)")
                    #expect(try await recorder.callCount() == calls)
                }
            }
            try await group.waitForAll()
        }
        for connection in provider.connections { #expect(try await connection.closed().isByPeer) }
        await rig.engine.shutdown()
        await provider.stop()
    }
}
