import ChatProtocol
import Conversation
import JSON
import Models
import Testing

@testable import Sessions

@Suite(.timeLimit(.minutes(1))) struct ClearAndDeleteTests {
    @Test(arguments: [ClientCommand.clear, .delete])
    func `what runs and what waits is cancelled first`(command: ClientCommand) async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        for number in 1...3 { session.send("Question \(number)", id: "m\(number)", from: follower) }
        let call = try await fixture.provider.nextCall()
        try await call.say([.event(.blockStarted(index: 0, .text)), .delta(0, "Hal")])
        _ = try await follower.until("delta")
        session.say(command, id: "c1", from: follower)
        try await call.untilCancelled()
        let name = command == .clear ? "session.cleared" : "session.deleted"
        let frames = try await follower.until(name)
        let ends = frames.filter { $0["type"] == "turn.done" }
        #expect(ends.count == 3)
        #expect(Set(ends.compactMap { $0["turn"]?.stringValue }).count == 3)
        #expect(ends.allSatisfy { $0["status"] == "cancelled" && $0["ref"] == "c1" })
        #expect(frames.types.contains("block.done"))
        #expect(!frames.types.contains("turn.started"))
        #expect(frames.last?["ref"] == "c1")
        #expect(frames.last?["settings"]?["model"] == "scripted-1")
    }

    @Test func `clear empties the history, and settings and numbering stay`() async throws {
        let memory = MemoryStore()
        let fixture = try SessionFixture(store: memory)
        let (session, follower) = try await fixture.open()
        session.say(.configure(SettingsChange(title: "T")), id: nil, from: follower)
        let seq = try #require(
            try await fixture.exchange("One", "1", id: "m1", in: session, follower).last?.seq)
        session.say(.clear, id: "c1", from: follower)
        let cleared = try await follower.next()
        #expect(cleared["type"] == "session.cleared")
        #expect(cleared.seq == seq + 1)
        #expect(cleared["settings"]?["title"] == "T")
        let snapshot = try await fixture.snapshot(of: session)
        #expect(snapshot["messages"] == [])
        #expect(snapshot.seq == seq + 1)
        session.say(.stats, id: nil, from: follower)
        let stats = try await follower.next()
        #expect(stats["turn_count"] == 0)
        #expect(stats["output_tokens"] == 0)
        session.send("One", id: "m1", from: follower)
        #expect(try await follower.next()["code"] == "conflict")
        session.say(.regenerate(.init()), id: "r1", from: follower)
        #expect(try await follower.next()["code"] == "not_found")
        session.send("Two", id: "m2", from: follower)
        let call = try await fixture.provider.nextCall()
        #expect(call.request.messages.map(\.content) == [[.text("Two")]])
        try await call.reply("2")
        #expect(try await follower.until("turn.done").first?["message"]?["parent"] == .null)
        try await session.untilResting()
        session.send("One", id: "m1", from: follower)
        #expect(try await follower.next()["code"] == "conflict", "also once it was read back")
        #expect(try await memory.session(session.id)?.messages.count == 2)
    }

    @Test func `a message that waits keeps its id over a clear as well`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        session.send("Two", id: "m2", from: follower)
        session.say(.clear, id: "c1", from: follower)
        _ = try await follower.until("session.cleared")
        session.send("Two", id: "m2", from: follower)
        #expect(try await follower.next()["code"] == "conflict")
    }

    @Test func `after a delete everyone is let go, and nothing is left`() async throws {
        let memory = MemoryStore()
        let fixture = try SessionFixture(store: memory)
        let (session, follower) = try await fixture.open()
        let others = [try await fixture.join(session, 2), try await fixture.join(session, 3, on: 1)]
        for other in others { _ = try await other.until("snapshot") }
        try await fixture.exchange("One", "1", id: "m1", in: session, follower)
        session.say(.delete, id: "d1", from: others[1])
        for follower in [follower] + others {
            let frames = try await follower.until("released")
            #expect(frames.types.suffix(2) == ["session.deleted", "released"])
        }
        #expect(fixture.directory.count == 0)
        #expect(try await memory.session(session.id) == nil)
        try await eventually { await session.isBare }
        let missing = await #expect(throws: CommandError.self) {
            try await fixture.directory.find(session.id, owner: SessionFixture.owner, on: fixture.loops[0])
        }
        #expect(missing?.code == .notFound)
    }

    @Test func `commands behind a delete, and one who opens meanwhile, hear that there is no session`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await fixture.open()
        store.hold()
        session.say(.delete, id: "d1", from: follower)
        session.send("Hi", id: "m1", from: follower)
        let late = try await fixture.join(session, 2)
        session.send("Hi", id: "m2", from: late)
        try await store.untilHeld(1)
        store.release()
        let frames = try await follower.until("released")
        #expect(frames.types.contains("session.deleted"))
        #expect(frames.first { $0["ref"] == "m1" }?["code"] == "not_found")
        let refused = try await late.until("released")
        #expect(refused.dropLast().map { $0["code"] } == ["not_found", "not_found"])
    }

    @Test func `a slow follower is let go once it has read the end`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        let slow = try await fixture.join(session, 2)
        _ = try await slow.until("snapshot")
        try await slow.fillUp()
        try await fixture.exchange("One", "1", id: "m1", in: session, follower)
        session.say(.delete, id: "d1", from: follower)
        _ = try await follower.until("released")
        try await slow.drain(session)
        let rest = try await slow.until("released")
        #expect(rest.types.suffix(3) == ["turn.done", "session.deleted", "released"])
    }

    @Test func `a session that rests can be deleted`() async throws {
        let memory = MemoryStore()
        let fixture = try SessionFixture(store: memory)
        let (session, follower) = try await fixture.open()
        try await fixture.exchange("One", "1", id: "m1", in: session, follower)
        try await session.untilResting()
        session.say(.delete, id: "d1", from: follower)
        #expect(try await follower.until("released").types == ["session.deleted", "released"])
        #expect(try await memory.session(session.id) == nil)
    }
}
