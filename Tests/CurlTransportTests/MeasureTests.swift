import CurlTransport
import Foundation
import Glibc
import NIOCore
import Testing

/// What a streamed chunk costs, against the `fake-provider` executable in a process of its own:
/// `WHINCHAT_MEASURE=http://127.0.0.1:PORT swift test -c release --filter MeasureTests`.
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["WHINCHAT_MEASURE"] != nil))
struct MeasureTests {
    @Test(arguments: [(200, 400, 40), (1000, 400, 40), (200, 5000, 0)])
    func `CPU for each streamed chunk`(transfers: Int, tokens: Int, rate: Int) async throws {
        let base = try #require(ProcessInfo.processInfo.environment["WHINCHAT_MEASURE"])
        let rig = try Rig()
        let body = ByteBuffer(string: #"{"model":"tokens-\#(tokens)-rate-\#(rate)","stream":true}"#)
        let before = cpuMicroseconds()
        let clock = ContinuousClock.now
        var recorders: [Recorder] = []
        for _ in 0..<transfers {
            let request = TransferRequest(url: base + "/v1/messages", body: body)
            recorders.append(try await rig.start(request).recorder)
        }
        var pieces = 0
        for recorder in recorders {
            #expect(try await recorder.end() == nil)
            #expect(try await recorder.text().hasSuffix("{\"type\":\"message_stop\"}\n\n"))
            pieces += try await recorder.callCount() - 2
        }
        let spent = cpuMicroseconds() - before
        let chunks = transfers * (tokens + 4)
        print(
            "\(transfers) transfers, \(tokens) tokens at \(rate)/s: \(spent / Double(chunks)) µs CPU a chunk,",
            "\(pieces) calls for \(chunks) chunks, \(ContinuousClock.now - clock)")
    }

    /// Of the whole process.
    private func cpuMicroseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }
}
