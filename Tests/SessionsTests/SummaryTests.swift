import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing

@testable import Sessions

/// Running summaries, which are made between turns.
@Suite struct SummaryTests {
    private static let settings = SessionSettings(
        title: "Titled", model: "scripted-1",
        context: SessionSettings.Context(policy: Summarise.name, turns: 2, minimumTurns: 1))

    private func makeFixture(store: any SessionStore = MemoryStore()) throws -> SessionFixture {
        var context = ContextServices()
        context.summaryModel = "scripted-2"
        return try SessionFixture(store: store, settings: Self.settings, context: context)
    }

    /// Turns with the texts "question N" and "answer N", the first being number `first`.
    private func exchanges(
        _ count: Int, from first: Int = 1, in session: ChatSession, _ follower: RecordingFollower,
        _ fixture: SessionFixture
    ) async throws {
        for number in first..<(first + count) {
            try await fixture.exchange(
                "question \(number)", "answer \(number)", id: "m\(number)", in: session, follower)
        }
    }

    /// Whether the session has so many summaries.
    private func has(_ count: Int, _ session: ChatSession) async throws {
        try await eventually {
            let (found, isSettled) = await (session.summaries.count, session.isSettled)
            return found == count && isSettled
        }
    }

    @Test func `old turns are folded into a summary, which stands first`() async throws {
        let fixture = try makeFixture()
        let (session, follower) = try await fixture.open()
        try await exchanges(3, in: session, follower, fixture)
        let call = try await fixture.provider.nextCall()
        #expect(call.request.model == "scripted-2")
        #expect(call.request.tools.isEmpty && call.texts.count == 1)
        #expect(call.texts[0].contains("question 1") && !call.texts[0].contains("question 2"))
        try await call.reply("They asked question one.")
        try await has(1, session)

        session.send("question 4", id: "m4", from: follower)
        let plan = try await follower.until("turn.started").last?["context"]
        #expect(plan?["summarised_messages"] == 2 && plan?["sent_messages"] == 5 && plan?["dropped_messages"] == 0)
        let turn = try await fixture.provider.nextCall()
        #expect(turn.texts[0].contains("They asked question one."))
        #expect(turn.texts[1] == "question 2")
        try await turn.reply("answer 4")
        _ = try await follower.until("turn.done")
        // It is extended, not written again.
        let next = try await fixture.provider.nextCall()
        #expect(next.texts[0].contains("They asked question one.") && next.texts[0].contains("question 2"))
        try await next.reply("They asked another.")
        try await has(2, session)
        #expect(await session.summaries.last == "They asked question one.\nThey asked another.")
    }

    @Test func `no turn waits for it`() async throws {
        let fixture = try makeFixture()
        let (session, follower) = try await fixture.open()
        try await exchanges(3, in: session, follower, fixture)
        let summary = try await fixture.provider.nextCall()
        // Several turns come and go, with the window, and no other summary is begun.
        try await exchanges(2, from: 4, in: session, follower, fixture)
        try await summary.reply("Notes.")
        try await has(1, session)
        // What has come together meanwhile is folded in at once.
        let next = try await fixture.provider.nextCall()
        #expect(next.texts[0].contains("Notes.") && next.texts[0].contains("question 3"))
    }

    @Test(arguments: [
        StopReason(.maxTokens, word: "max_tokens"), StopReason(.refusal, word: "refusal"),
        StopReason(.endTurn, word: "end_turn"),
    ])
    func `one that fails is tried again after the next turn`(stop: StopReason) async throws {
        let fixture = try makeFixture()
        let (session, follower) = try await fixture.open()
        try await exchanges(3, in: session, follower, fixture)
        try await fixture.provider.nextCall().reply(stop.meaning == .endTurn ? " \n" : "Half of the no", stop: stop)
        session.send("question 4", id: "m4", from: follower)
        let turn = try await fixture.provider.nextCall()
        #expect(turn.texts[0] == "question 1", "the window applies")
        try await turn.reply("answer 4")
        _ = try await follower.until("turn.done")
        try await fixture.provider.nextCall().reply("Notes.")
        try await has(1, session)
    }

    @Test func `after five failures in a row no more are paid for`() async throws {
        let fixture = try makeFixture()
        let (session, follower) = try await fixture.open()
        try await exchanges(2, in: session, follower, fixture)
        for number in 3..<8 {
            try await exchanges(1, from: number, in: session, follower, fixture)
            let call = try await fixture.provider.nextCall()
            #expect(call.request.model == "scripted-2")
            let error = ModelError(.overloaded, message: "no", retryable: true)
            try await call.say([.event(.failed(error))])
        }
        try await exchanges(1, from: 8, in: session, follower, fixture)
        // The next call is the next turn's.
        session.send("question 9", id: "m9", from: follower)
        #expect(try await fixture.provider.nextCall().request.model == "scripted-1")
    }

    @Test(arguments: ["clear", "delete"])
    func `it ends with the history that it is about`(command: String) async throws {
        let fixture = try makeFixture()
        let (session, follower) = try await fixture.open()
        try await exchanges(3, in: session, follower, fixture)
        let call = try await fixture.provider.nextCall()
        session.say(command == "clear" ? .clear : .delete, id: "c1", from: follower)
        _ = try await follower.until(command == "clear" ? "session.cleared" : "session.deleted")
        try await call.untilCancelled()
        try await call.reply("Notes.")
        #expect(await session.summaries.isEmpty)
    }

    @Test func `a clear that cannot be saved keeps the summaries`() async throws {
        let store = HeldStore()
        let fixture = try makeFixture(store: store)
        let (session, follower) = try await fixture.open()
        try await exchanges(3, in: session, follower, fixture)
        try await fixture.provider.nextCall().reply("Notes.")
        try await has(1, session)
        store.fail(.unavailable("full"))
        session.say(.clear, id: "c1", from: follower)
        _ = try await follower.until("error")
        #expect(await session.summaries == ["Notes."])
    }

    @Test func `it outlives the session's rest`() async throws {
        let fixture = try makeFixture()
        let (session, follower) = try await fixture.open()
        try await exchanges(3, in: session, follower, fixture)
        try await fixture.provider.nextCall().reply("Notes.")
        try await has(1, session)
        session.unfollow(follower)
        try await session.untilResting()
        let (again, newcomer) = try await fixture.join(session.id, 2)
        _ = try await newcomer.until("snapshot")
        again.send("question 4", id: "m4", from: newcomer)
        #expect(try await fixture.provider.nextCall().texts[0].contains("Notes."))
    }

    @Test func `the server's end does not wait for it`() async throws {
        let fixture = try makeFixture()
        let (session, follower) = try await fixture.open()
        try await exchanges(3, in: session, follower, fixture)
        let call = try await fixture.provider.nextCall()
        await fixture.directory.drain(for: .seconds(30))
        try await call.reply("Notes.")
    }

    @Test func `of a branch that was left none is written`() async throws {
        let fixture = try makeFixture()
        let (session, follower) = try await fixture.open()
        try await exchanges(3, in: session, follower, fixture)
        let call = try await fixture.provider.nextCall()
        let first = try await fixture.snapshot(of: session)["messages"]?.arrayValue?.first?["id"]?.stringValue ?? ""
        session.say(.edit(.init(message: first, text: "another beginning")), id: "e1", from: follower)
        try await fixture.provider.nextCall().reply("another answer")
        try await call.untilCancelled()
        _ = try await follower.until("turn.done")
    }
}
