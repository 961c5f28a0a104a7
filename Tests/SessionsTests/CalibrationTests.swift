import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing

@testable import Sessions

/// How sessions learn of a model's tokens, and keep to its window.
@Suite struct CalibrationTests {
    private let question = String(repeating: "four words of text ", count: 200)

    private func estimate(_ frames: [JSONValue]) -> Int {
        frames.first { $0["type"] == "turn.started" }?["context"]?["estimated_tokens"]?.intValue ?? -1
    }

    @Test func `a turn's estimate follows what the provider counted before`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        let first = try await said(question, by: session, follower, fixture) { $0 * 2 }
        let second = try await said(question, by: session, follower, fixture) { _ in nil }
        // What was sent before is known exactly, and the new text has twice the tokens of the raw estimate.
        #expect(abs(second - 4 * first) < first / 2, "\(first) then \(second)")
    }

    /// A turn whose provider reports what `report` makes of the estimate. Returns the estimate.
    private func said(
        _ text: String, by session: ChatSession, _ follower: RecordingFollower, _ fixture: SessionFixture,
        report: (Int) -> Int?
    ) async throws -> Int {
        session.send(text, id: Identifier.make(.call), from: follower)
        let estimate = estimate(try await follower.until("turn.started"))
        try await fixture.provider.nextCall().reply("Yes.", inputTokens: report(estimate) ?? 0)
        _ = try await follower.until("turn.done")
        return estimate
    }

    @Test func `what a provider only estimates is not learned`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send(question, id: "m1", from: follower)
        let first = estimate(try await follower.until("turn.started"))
        let usage = Usage(inputTokens: 1, outputTokens: 1, estimated: true)
        try await fixture.provider.nextCall().say([
            .event(.blockStarted(index: 0, .text)), .delta(0, "Yes."), .event(.blockDone(index: 0)),
            .event(.usage(usage)), .event(.stopped(StopReason(.endTurn, word: "stop"))),
        ])
        _ = try await follower.until("turn.done")
        let second = try await said(question, by: session, follower, fixture) { _ in nil }
        #expect(second >= 2 * first, "\(first) then \(second)")
    }

    @Test func `what one session learned, the next begins with, and a later process`() async throws {
        let store = MemoryStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await fixture.open()
        let first = try await said(question, by: session, follower, fixture) { $0 * 2 }
        let (other, otherFollower) = try await fixture.open()
        let second = try await said(question, by: other, otherFollower, fixture) { _ in nil }
        #expect(second > first * 3 / 2, "\(first) then \(second)")
        await fixture.directory.drain(for: .seconds(30))

        let later = try SessionFixture(store: store)
        try await later.directory.recover()
        let (third, thirdFollower) = try await later.open()
        #expect(try await said(question, by: third, thirdFollower, later) { _ in nil } == second)
    }

    // MARK: Windows

    private func window(_ tokens: Int) -> ContextServices {
        var context = ContextServices()
        context.windows = ModelWindows(overrides: ["scripted-1": tokens])
        return context
    }

    @Test(arguments: ["send", "edit"])
    func `a message that does not fit the window is refused with both numbers, and nothing happens`(
        command: String
    ) async throws {
        let fixture = try SessionFixture(context: window(600))
        let (session, follower) = try await fixture.open()
        try await fixture.exchange("Hello", "Hi.", id: "m1", in: session, follower)
        let before = try await fixture.snapshot(of: session)
        let asked = before["messages"]?.arrayValue?.first?["id"]?.stringValue ?? ""
        session.say(
            command == "send" ? .send(.init(text: question)) : .edit(.init(message: asked, text: question)), id: "m2",
            from: follower)
        let error = try #require(try await follower.until("error").last)
        #expect(error["code"] == "message_too_long" && error["ref"] == "m2" && error["field"] == "text")
        // A quarter of the window is the reply's.
        #expect(error["message"]?.stringValue?.contains("450") == true, "\(error)")
        let numbers = (error["message"]?.stringValue ?? "").split { !$0.isNumber }.compactMap { Int($0) }
        #expect(numbers.count == 2 && (numbers.first ?? 0) > 450, "\(error)")
        #expect(try await fixture.snapshot(of: session)["messages"] == before["messages"])
        // The same id is free still.
        try await fixture.exchange("Again", "Yes.", id: "m2", in: session, follower)
    }

    @Test func `a message that the turn's model cannot read fails at its start`() async throws {
        let fixture = try SessionFixture(context: window(600))
        let (session, follower) = try await fixture.open()
        session.say(.configure(SettingsChange(model: "scripted-2")), id: "c1", from: follower)
        _ = try await follower.until("session.updated")
        try await fixture.exchange(question, "Yes.", id: "m1", in: session, follower)
        session.say(.configure(SettingsChange(model: "scripted-1")), id: "c2", from: follower)
        session.say(.regenerate(.init()), id: "r1", from: follower)
        let frames = try await follower.until("turn.done")
        #expect(frames.types.contains("turn.started"))
        #expect(frames.last?["status"] == "failed")
        #expect(frames.last?["error"]?["code"] == "message_too_long")
        #expect(frames.last?["error"]?["message"]?.stringValue?.contains("450") == true)
        // The next one runs.
        try await fixture.exchange("Short", "Yes.", id: "m2", in: session, follower)
        #expect(await !session.isRunning)
    }

    // MARK: Exact counts

    @Test func `a counted prompt's estimate is the count`() async throws {
        var context = ContextServices()
        context.countsExactly = true
        let fixture = try SessionFixture(provider: ScriptedProvider { _ in 4_321 }, context: context)
        let (session, follower) = try await fixture.open()
        session.send(question, id: "m1", from: follower)
        #expect(estimate(try await follower.until("turn.started")) == 4_321)
        try await fixture.provider.nextCall().reply("Yes.")
        _ = try await follower.until("turn.done")
    }

    @Test func `a count that fails leaves the estimate`() async throws {
        var context = ContextServices()
        context.countsExactly = true
        let plain = try SessionFixture()
        let (session, follower) = try await plain.open()
        let expected = try await said(question, by: session, follower, plain) { _ in nil }
        let provider = ScriptedProvider { _ in throw ModelError(.overloaded, message: "no", retryable: true) }
        let fixture = try SessionFixture(provider: provider, context: context)
        let (other, otherFollower) = try await fixture.open()
        #expect(try await said(question, by: other, otherFollower, fixture) { _ in nil } == expected)
    }
}
