import ChatProtocol
import Conversation
import JSON
import Models
import Testing

@testable import Sessions

@Suite(.timeLimit(.minutes(1))) struct StoreFailureTests {
    @Test func `nothing is seen before it is on disk, and the model is asked meanwhile`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await fixture.open()
        store.hold()
        session.send("Hi", id: "m1", from: follower)
        try await fixture.provider.nextCall().reply("Hello")
        session.say(.ping("still nothing"), id: nil, from: follower)
        #expect(try await follower.next()["type"] == "pong")
        store.release()
        #expect(try await follower.until("turn.done").types.first == "message")
    }

    @Test func `a snapshot waits until what the session knows may be seen`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await fixture.open()
        store.hold()
        session.send("Hi", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        let late = try await fixture.join(session, 2)
        try await call.say([.event(.blockStarted(index: 0, .text)), .delta(0, "Hel")])
        store.release()
        let snapshot = try #require(try await late.until("snapshot").last)
        #expect(snapshot["messages"]?.arrayValue?.count == 1)
        #expect(snapshot["live"]?["blocks"]?.arrayValue?.first?["text"] == "Hel")
    }

    @Test func `a message that cannot be saved is refused, and its turn stopped`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await fixture.open()
        store.hold()
        session.send("Hi", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        store.release(failing: .unavailable("disk full"))
        let frames = try await follower.until("error")
        #expect(frames.last?["code"] == "storage")
        #expect(frames.last?["ref"] == "m1")
        #expect(!frames.types.contains("message"))
        try await call.untilCancelled()
    }

    // MARK: Commands are undone

    private func failing(
        _ command: ClientCommand, _ store: HeldStore, in session: ChatSession, _ follower: RecordingFollower
    ) async throws {
        store.fail(.full)
        session.say(command, id: "failing", from: follower)
        let error = try await follower.next()
        #expect(error["type"] == "error")
        #expect(error["code"] == "storage")
        #expect(error["retryable"] == true)
        #expect(error["ref"] == "failing")
        store.fail(nil)
    }

    @Test func `a send that fails leaves nothing behind, and nobody else sees anything`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await fixture.open()
        let other = try await fixture.join(session, 2)
        _ = try await other.until("snapshot")
        try await fixture.exchange("One", "1", id: "m1", in: session, follower)
        _ = try await other.until("turn.done")
        let before = try await fixture.snapshot(of: session)
        let (head, count) = (await session.tree.head, await session.tree.count)
        try await failing(.send(.init(text: "Two")), store, in: session, follower)
        try await fixture.provider.nextCall().untilCancelled()
        #expect(await session.tree.head == head)
        #expect(await session.tree.count == count)
        #expect(await session.turns.count == 1)
        #expect(await !session.isRunning)
        #expect(try await fixture.snapshot(of: session) == before, "also its seq")
        session.send("Two", id: "failing", from: follower)
        let call = try await fixture.provider.nextCall()
        #expect(call.request.messages.map(\.content) == [[.text("One")], [.text("1")], [.text("Two")]])
        try await call.reply("2")
        let frames = try await other.until("turn.done")
        #expect(frames.types.first == "message")
        #expect(frames.types.count == 6)
        #expect(frames[0]["message"]?["parent"] == before["messages"]?.arrayValue?.last?["id"])
    }

    @Test func `it does not matter that the model had finished`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await fixture.open()
        store.hold()
        session.send("Hi", id: "m1", from: follower)
        try await fixture.provider.nextCall().reply("Hello")
        store.release(failing: .full)
        #expect(try await follower.next()["code"] == "storage")
        #expect(try await fixture.snapshot(of: session)["messages"] == [])
        #expect(try await fixture.exchange("Hi", "Hello", id: "m1", in: session, follower).types.first == "message")
        #expect(store.written.count { $0.accepts } == 1)
    }

    @Test func `a turn that ended in cancel while it was being saved, and failed, never was`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await fixture.open()
        store.hold()
        session.send("Hi", id: "m1", from: follower)
        session.send("Behind", id: "m2", from: follower)
        // Stopping waits for nothing, though a command waits.
        session.say(.cancel(.init(send: "m1")), id: "c1", from: follower)
        try await fixture.provider.nextCall().untilCancelled()
        store.release(failing: .full)
        let frames = try await follower.until("turn.started")
        #expect(frames.map { $0["ref"] } == ["m1", "m2", "m2"])
        #expect(frames[0]["code"] == "storage")
    }

    @Test func `a cancel counts while the acceptance is being saved`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await fixture.open()
        store.hold()
        session.send("Hi", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        try await call.say([.event(.blockStarted(index: 0, .text)), .delta(0, "Hel")])
        session.say(.cancel(.init()), id: "c1", from: follower)
        try await call.untilCancelled()
        store.release()
        let frames = try await follower.until("turn.done")
        #expect(frames.types == ["message", "turn.started", "block.started", "delta", "block.done", "turn.done"])
        #expect(frames.last?["status"] == "cancelled")
        #expect(frames.last?["ref"] == "c1")
    }

    @Test func `an edit and a regenerate that fail leave the tree as it was`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await fixture.open()
        let frames = try await fixture.exchange("One", "1", id: "m1", in: session, follower)
        let message = try #require(frames[0]["message"]?["id"]?.stringValue)
        let before = try await fixture.snapshot(of: session)
        try await failing(.edit(.init(message: message, text: "Uno")), store, in: session, follower)
        #expect(try await fixture.snapshot(of: session) == before)
        try await failing(.regenerate(.init()), store, in: session, follower)
        #expect(try await fixture.snapshot(of: session) == before)
    }

    @Test func `select, configure, clear and delete that fail are undone`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await fixture.open()
        let frames = try await fixture.exchange("One", "1", id: "m1", in: session, follower)
        let reply = try #require(frames[1]["message"]?.stringValue)
        session.say(.regenerate(.init()), id: "r1", from: follower)
        try await fixture.provider.nextCall().reply("I")
        _ = try await follower.until("turn.done")
        let before = try await fixture.snapshot(of: session)
        #expect(before.texts == ["One", "I"])
        for command in [ClientCommand.select(reply), .configure(.init(title: "T")), .clear, .delete] {
            try await failing(command, store, in: session, follower)
            #expect(try await fixture.snapshot(of: session) == before, "\(command)")
        }
        #expect(await session.settings.title == "Titled")
        #expect(fixture.directory.count == 1)
        session.send("One", id: "m1", from: follower)
        #expect(try await follower.next()["replay"] == true)
        let turn = try #require(frames[1]["turn"]?.stringValue)
        session.say(.cancel(.init(turn: turn)), id: nil, from: follower)
        #expect(try await follower.next()["status"] == "completed")
    }

    @Test func `commands behind one that fails are carried out, in order, on what is left`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await fixture.open()
        store.hold()
        session.send("One", id: "m1", from: follower)
        session.say(.configure(SettingsChange(title: "T")), id: "s1", from: follower)
        session.send("Two", id: "m2", from: follower)
        session.say(.stats, id: "q1", from: follower)
        try await store.untilHeld(1)
        store.release(failing: .full)
        let frames = try await follower.until("turn.started")
        #expect(frames.first?["ref"] == "m1")
        #expect(frames.first?["code"] == "storage")
        #expect(frames.filter { $0["seq"] != nil }.types == ["session.updated", "message", "turn.started"])
        #expect(frames.first { $0["type"] == "message" }?["message"]?["parent"] == .null)
        session.say(.stats, id: "q2", from: follower)
        #expect(try await follower.until("stats").last?["turn_count"] == 1)
    }

    @Test func `a session that cannot be made is refused, and leaves nothing`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        store.fail(.full)
        let owner = SessionFixture.owner
        let session = try await fixture.directory.create(
            owner: owner, ref: "o1", settings: nil, on: fixture.loops[0]
        ).session
        let follower = RecordingFollower(1, on: fixture.loops[0])
        session.perform { [id = follower.id] session in
            session.follow(id, .init(), ref: "o1", isNew: true, over: follower)
            session.handle(.send(.init(text: "Hi")), ref: "m1", from: id)
        }
        let frames = try await follower.until("released")
        #expect(frames.map { $0["code"] } == ["storage", "storage", nil])
        #expect(frames.map { $0["ref"] } == ["o1", "m1", nil])
        #expect(fixture.directory.count == 0)
        try await eventually { await session.isBare }
        store.fail(nil)
        let again = try await fixture.directory.create(owner: owner, ref: "o1", settings: nil, on: fixture.loops[0])
        #expect(again.isNew)
    }

    @Test func `too many commands for a store that hangs are refused`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await fixture.open()
        store.hold()
        for number in 0...65 { session.say(.stats, id: "q\(number)", from: follower) }
        for _ in 0...65 { #expect(try await follower.next()["type"] == "stats", "they wait for nothing") }
        session.send("Hi", id: "m1", from: follower)
        for number in 0...64 { session.say(.stats, id: "q\(number)", from: follower) }
        let error = try await follower.next()
        #expect(error["code"] == "busy")
        #expect(error["ref"] == "q64")
        store.release()
        #expect(try await follower.until("stats").types.last == "stats")
    }
}
