import Conversation
import Models
import NIOConcurrencyHelpers
import Testing

@Suite struct DemoProviderTests {
    private func request(_ text: String) -> ModelRequest { ModelRequest(model: "demo", messages: [.user(text)]) }

    @Test func `it streams a word at a time and ends with an estimated usage`() async throws {
        let call = try await Rig.get().start(DemoProvider(wordsPerSecond: 0), request("Hello"))
        let transcript = try await call.ended()
        #expect(transcript.heard.prefix(2) == [.started(model: "demo"), .block(0, .text)])
        #expect(transcript.deltaCount > 10)
        guard case .usage(let usage) = transcript.heard[transcript.heard.count - 2] else {
            Issue.record("no usage")
            return
        }
        #expect(usage.estimated && usage.outputTokens == transcript.deltaCount && usage.inputTokens > 0)
        #expect(transcript.heard.last == .stopped(StopReason(.endTurn, word: "end_turn")))
        #expect(transcript.heard[transcript.heard.count - 3] == .done(0))
    }

    @Test func `a reply that breaks leaves its block open`() async throws {
        let call = try await Rig.get().start(DemoProvider(wordsPerSecond: 0), request("break"))
        let transcript = try await call.ended()
        #expect(transcript.heard.last == .failed(.truncated))
        #expect(!transcript.heard.contains(.done(0)))
    }

    @Test func `cancel stops it at once, also from within`() async throws {
        let slow = try await Rig.get().start(DemoProvider(wordsPerSecond: 0.001), request("Hello"))
        try await slow.cancel()
        #expect(slow.soFar.heard.isEmpty)
        // What the first batch said, from within which the call is cancelled.
        let atCancel = NIOLockedValueBox<Int?>(nil)
        let call = try await Rig.get().start(DemoProvider(wordsPerSecond: 0), request("write something long")) { call in
            guard call.soFar.deltaCount > 0 else { return }
            atCancel.withLockedValue { $0 = $0 ?? call.soFar.deltaCount }
            call.model?.cancel()
        }
        try await call.firstText()
        let after = try await Rig.get().start(DemoProvider(), request("Hello"))
        _ = try await after.ended()
        #expect(call.soFar.deltaCount == atCancel.withLockedValue { $0 })
        #expect(call.soFar.heard.count == 3)
    }

    @Test func `it answers under the model's name that was asked for`() async throws {
        var request = request("Hello")
        request.model = "other"
        let call = try await Rig.get().start(DemoProvider(models: ["other"], wordsPerSecond: 0), request)
        #expect(try await call.ended().heard.first == .started(model: "other"))
    }
}
