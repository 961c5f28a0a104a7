import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing

@testable import Sessions

/// The title that a session gets after its first exchange.
@Suite struct TitleTests {
    private static let question = "How do I cook rice? And what goes with it?"
    private static let firstWords: JSONValue = "How do I cook rice?"

    private func makeFixture(
        store: any SessionStore = MemoryStore(), model: String? = nil, title: String = "",
        _ change: (inout ContextServices) -> Void = { _ in }
    ) throws -> SessionFixture {
        var context = ContextServices()
        context.summaryModel = model
        change(&context)
        return try SessionFixture(
            store: store, settings: SessionSettings(title: title, model: "scripted-1"), context: context)
    }

    private func stored(_ session: ChatSession, in store: any SessionStore) async throws -> SessionSettings {
        try #require(try await store.session(session.id)).settings
    }

    // MARK: From the first words

    @Test func `it comes behind the first turn's end, in its commit`() async throws {
        let store = HeldStore()
        let fixture = try makeFixture(store: store)
        let (session, follower) = try await fixture.open()
        let done = try await fixture.exchange(Self.question, "So.", id: "m1", in: session, follower)
        let updated = try await follower.next()
        #expect(updated["type"] == "session.updated" && updated["settings"]?["title"] == Self.firstWords)
        #expect(updated["ref"] == nil && updated.seq == done[done.count - 1].seq + 1)
        #expect(store.written.last?.ends == true)
        #expect(try await stored(session, in: store).title == "How do I cook rice?")
        // It is given once.
        let more = try await fixture.exchange("And noodles?", "So.", id: "m2", in: session, follower)
        #expect(!more.types.contains("session.updated"))
        #expect(!(try await follower.seen(of: session)).types.contains("session.updated"))
    }

    @Test func `a turn that did not complete gives none, the next one does`() async throws {
        let fixture = try makeFixture()
        let (session, follower) = try await fixture.open()
        session.send(Self.question, id: "m1", from: follower)
        try await fixture.provider.nextCall().say([
            .event(.failed(ModelError(.rejected, message: "", retryable: false)))
        ])
        _ = try await follower.until("turn.done")
        #expect(!(try await follower.seen(of: session)).types.contains("session.updated"))
        try await fixture.exchange("Again", "So.", id: "m2", in: session, follower)
        #expect(try await follower.next()["settings"]?["title"] == Self.firstWords)
    }

    @Test func `the turn behind starts in the same commit, with the settings of its time`() async throws {
        let fixture = try makeFixture()
        let (session, follower) = try await fixture.open()
        session.send(Self.question, id: "m1", from: follower)
        session.send("And noodles?", id: "m2", from: follower)
        _ = try await follower.until("turn.queued")
        try await fixture.provider.nextCall().reply("So.")
        let frames = try await follower.until("session.updated") + follower.until("turn.started")
        #expect(frames.types.suffix(3) == ["turn.done", "session.updated", "turn.started"])
        try await fixture.provider.nextCall().reply("So.")
        _ = try await follower.until("turn.done")
    }

    @Test func `a client's own is kept`() async throws {
        let fixture = try makeFixture(title: "Mine")
        let (session, follower) = try await fixture.open()
        try await fixture.exchange(Self.question, "So.", id: "m1", in: session, follower)
        #expect(!(try await follower.seen(of: session)).types.contains("session.updated"))
    }

    @Test(arguments: [true, false])
    func `clear takes a made title away, and leaves a person's`(isRenamed: Bool) async throws {
        let store = MemoryStore()
        let fixture = try makeFixture(store: store)
        let (session, follower) = try await fixture.open()
        try await fixture.exchange(Self.question, "So.", id: "m1", in: session, follower)
        _ = try await follower.until("session.updated")
        if isRenamed {
            session.say(.configure(SettingsChange(title: "Mine")), id: "c1", from: follower)
            _ = try await follower.until("session.updated")
        }
        session.say(.clear, id: "c2", from: follower)
        let cleared = try await follower.until("session.cleared").last
        #expect(cleared?["settings"]?["title"] == (isRenamed ? "Mine" : ""))
        #expect(try await stored(session, in: store).title == (isRenamed ? "Mine" : ""))
        try await fixture.exchange("What is a violin?", "So.", id: "m2", in: session, follower)
        let seen = try await follower.seen(of: session)
        #expect(seen.first?["settings"]?["title"] == (isRenamed ? nil : "What is a violin?"))
    }

    @Test func `that the server made it is known after a rest`() async throws {
        let fixture = try makeFixture()
        let (session, follower) = try await fixture.open()
        try await fixture.exchange(Self.question, "So.", id: "m1", in: session, follower)
        _ = try await follower.until("session.updated")
        session.unfollow(follower)
        try await session.untilResting()
        let (again, newcomer) = try await fixture.join(session.id, 2)
        #expect(try await newcomer.until("welcome").last?["settings"]?["title"] == Self.firstWords)
        again.say(.clear, id: "c1", from: newcomer)
        #expect(try await newcomer.until("session.cleared").last?["settings"]?["title"] == "")
    }

    @Test func `one that cannot be saved is made with the next turn`() async throws {
        let store = HeldStore()
        let fixture = try makeFixture(store: store)
        let (session, follower) = try await fixture.open()
        session.send(Self.question, id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        store.fail(.full)
        try await call.reply("So.")
        #expect(try await follower.until("turn.done").last?["error"]?["code"] == "storage")
        #expect(!(try await follower.seen(of: session)).types.contains("session.updated"))
        store.fail(nil)
        try await fixture.exchange("Again", "So.", id: "m2", in: session, follower)
        #expect(try await follower.next()["settings"]?["title"] == Self.firstWords)
        #expect(try await stored(session, in: store).titleIsMade)
    }

    @Test func `a clear that cannot be saved leaves it`() async throws {
        let store = HeldStore()
        let fixture = try makeFixture(store: store)
        let (session, follower) = try await fixture.open()
        try await fixture.exchange(Self.question, "So.", id: "m1", in: session, follower)
        _ = try await follower.until("session.updated")
        store.fail(.full)
        session.say(.clear, id: "c1", from: follower)
        _ = try await follower.until("error")
        #expect(await session.settings.title == "How do I cook rice?")
    }

    // MARK: By a model

    @Test func `a model that is set for it is asked, and no turn waits`() async throws {
        let store = MemoryStore()
        let fixture = try makeFixture(store: store, model: "scripted-2")
        let (session, follower) = try await fixture.open()
        try await fixture.exchange(Self.question, "So.", id: "m1", in: session, follower)
        let call = try await fixture.provider.nextCall()
        #expect(call.request.model == "scripted-2" && call.request.tools.isEmpty)
        #expect(call.texts.count == 1 && call.texts[0].contains(Self.question) && call.texts[0].contains("So."))
        #expect((call.request.maxTokens ?? .max) < 5_000)
        // Another turn comes and goes meanwhile; it asks for no second title.
        try await fixture.exchange("And noodles?", "So.", id: "m2", in: session, follower)
        try await call.reply("\"Cooking rice.\"\n")
        #expect(try await follower.until("session.updated").last?["settings"]?["title"] == "Cooking rice")
        try await eventually { await session.isSettled }
        let spending = try #require(try await store.session(session.id)).spending
        #expect(spending?.spending.tokens == 15, "two turns and the title, of 5 tokens each")
    }

    @Test(arguments: ["", "failure", "max_tokens"])
    func `where it fails, the first words are taken`(answer: String) async throws {
        let fixture = try makeFixture(model: "scripted-2")
        let (session, follower) = try await fixture.open()
        try await fixture.exchange(Self.question, "So.", id: "m1", in: session, follower)
        let call = try await fixture.provider.nextCall()
        switch answer {
        case "failure": try await call.say([.event(.failed(ModelError(.overloaded, message: "no", retryable: true)))])
        case "max_tokens": try await call.reply("Half of a ti", stop: StopReason(.maxTokens, word: "max_tokens"))
        default: try await call.reply(answer)
        }
        #expect(try await follower.until("session.updated").last?["settings"]?["title"] == Self.firstWords)
    }

    @Test func `one that takes too long is not waited for`() async throws {
        let fixture = try makeFixture(model: "scripted-2") { $0.titleTime = .zero }
        let (session, follower) = try await fixture.open()
        try await fixture.exchange(Self.question, "So.", id: "m1", in: session, follower)
        let call = try await fixture.provider.nextCall()
        await session.tick(.now() + .seconds(1))
        #expect(try await follower.until("session.updated").last?["settings"]?["title"] == Self.firstWords)
        try await call.untilCancelled()
    }

    @Test func `a title that a person sets meanwhile stays`() async throws {
        let fixture = try makeFixture(model: "scripted-2")
        let (session, follower) = try await fixture.open()
        try await fixture.exchange(Self.question, "So.", id: "m1", in: session, follower)
        let call = try await fixture.provider.nextCall()
        session.say(.configure(SettingsChange(title: "Mine")), id: "c1", from: follower)
        _ = try await follower.until("session.updated")
        try await call.reply("Cooking rice")
        #expect(!(try await follower.seen(of: session)).types.contains("session.updated"))
        #expect(await session.settings.title == "Mine")
    }

    @Test func `one that is being saved goes before it`() async throws {
        let store = HeldStore()
        let fixture = try makeFixture(store: store, model: "scripted-2")
        let (session, follower) = try await fixture.open()
        try await fixture.exchange(Self.question, "So.", id: "m1", in: session, follower)
        let call = try await fixture.provider.nextCall()
        store.hold()
        session.say(.configure(SettingsChange(title: "Mine")), id: "c1", from: follower)
        try await store.untilHeld()
        try await call.reply("Cooking rice")
        // The person's cannot be saved, and never was.
        store.release(failingFirst: .full)
        #expect(try await follower.until("session.updated").last?["settings"]?["title"] == "Cooking rice")
    }

    @Test(arguments: ["clear", "delete"])
    func `it ends with what it is about`(command: String) async throws {
        let fixture = try makeFixture(model: "scripted-2")
        let (session, follower) = try await fixture.open()
        try await fixture.exchange(Self.question, "So.", id: "m1", in: session, follower)
        let call = try await fixture.provider.nextCall()
        session.say(command == "clear" ? .clear : .delete, id: "c1", from: follower)
        _ = try await follower.until(command == "clear" ? "session.cleared" : "session.deleted")
        try await call.untilCancelled()
        #expect(await session.settings.title.isEmpty)
    }
}
