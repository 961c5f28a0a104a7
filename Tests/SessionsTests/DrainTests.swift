import ChatProtocol
import Conversation
import JSON
import Models
import Testing

@testable import Sessions

@Suite(.timeLimit(.minutes(1))) struct DrainTests {
    private let memory = MemoryStore()
    private let fixture: SessionFixture

    init() throws { fixture = try SessionFixture(store: memory) }

    @Test func `turns that run end first`() async throws {
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        _ = try await follower.until("turn.started")
        async let drained: Void = fixture.directory.drain(for: .seconds(3600))
        try await eventually { fixture.directory.environment.drain.isDraining }
        try await call.reply("1")
        await drained
        #expect(try await memory.session(session.id)?.turns.map(\.state) == [.ended])
        #expect(try await follower.until("turn.done").last?["status"] == "completed")
    }

    @Test func `after the limit they are interrupted, with what they said`() async throws {
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        try await call.say([.event(.blockStarted(index: 0, .text)), .delta(0, "Hal")])
        _ = try await follower.until("delta")
        await fixture.directory.drain(for: .milliseconds(10))
        try await call.untilCancelled()
        let stored = try #require(try await memory.session(session.id))
        #expect(stored.messages.last?.content == [.text("Hal")])
        #expect(stored.messages.last?.status == .interrupted)
        #expect(stored.isAtRest)
        #expect(try await follower.until("turn.done").types == ["block.done", "turn.done"])
    }

    @Test func `nothing new is taken on, and what waits goes on waiting`() async throws {
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        session.send("Two", id: "m2", from: follower)
        let call = try await fixture.provider.nextCall()
        let frames = try await follower.until("turn.queued")
        let message = try #require(frames[0]["message"]?["id"]?.stringValue)
        async let drained: Void = fixture.directory.drain(for: .seconds(3600))
        try await eventually { fixture.directory.environment.drain.isDraining }
        for command in [
            ClientCommand.send(.init(text: "Three")), .regenerate(.init()), .edit(.init(message: message, text: "X")),
        ] {
            session.say(command, id: "new", from: follower)
            let error = try await follower.next()
            #expect(error["code"] == "overloaded")
            #expect(error["retryable"] == true)
            #expect(error["retry_after_ms"] != nil)
        }
        session.send("One", id: "m1", from: follower)
        #expect(try await follower.next()["replay"] == true, "that one was taken on")
        session.say(.configure(SettingsChange(title: "T")), id: "s1", from: follower)
        #expect(try await follower.next()["type"] == "session.updated")
        try await call.reply("1")
        await drained
        let stored = try #require(try await memory.session(session.id))
        #expect(stored.turns.map(\.state) == [.ended, .queued])
        #expect(stored.isAtRest)
        #expect(try await follower.until("turn.done").last?["status"] == "completed")
        #expect(try await follower.seen(of: session).isEmpty)
    }

    @Test func `interruptTurns ends all at once, in a tool too, and before the first token`() async throws {
        let tool = CountingTool()
        let fixture = try SessionFixture(store: memory, tools: [tool])
        let (first, follower) = try await fixture.open()
        first.send("One", id: "m1", from: follower)
        try await fixture.provider.nextCall().say(CountingTool.call)
        _ = try await follower.until("tool.started")
        let (second, other) = try await fixture.open()
        second.send("Two", id: "m1", from: other)
        _ = try await other.until("turn.started")
        fixture.directory.interruptTurns()
        #expect(try await follower.until("turn.done").last?["status"] == "interrupted")
        #expect(try await other.until("turn.done").last?["status"] == "interrupted")
        await fixture.directory.drain(for: .seconds(3600))
        for session in [first, second] {
            #expect(try await memory.session(session.id)?.turns.map(\.state) == [.ended])
        }
    }

    @Test func `an interrupt while the acceptance is being saved waits for that`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await fixture.open()
        store.hold()
        session.send("One", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        async let drained: Void = fixture.directory.drain(for: .zero)
        try await call.untilCancelled()
        store.release()
        await drained
        let stored = try #require(try await store.memory.session(session.id))
        #expect(stored.turns.map(\.state) == [.ended])
        #expect(try await follower.until("turn.done").last?["status"] == "interrupted")
    }

    @Test func `a server without turns has drained at once, sessions that rest included`() async throws {
        let (session, follower) = try await fixture.open()
        try await fixture.exchange("One", "1", id: "m1", in: session, follower)
        try await session.untilResting()
        _ = try await fixture.open()
        await fixture.directory.drain(for: .seconds(3600))
        #expect(await session.presence == .resting)
    }
}
