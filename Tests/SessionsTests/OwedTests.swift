import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing

@testable import Sessions

/// What has happened and could not be saved.
@Suite(.timeLimit(.minutes(1))) struct OwedTests {
    private let store = HeldStore()
    private let fixture: SessionFixture

    init() throws { fixture = try SessionFixture(store: store, tools: [ToolLoopTests.Echo()]) }

    private func stored(_ session: ChatSession) async throws -> StoredSession {
        try #require(try await store.memory.session(session.id))
    }

    private func texts(_ session: ChatSession) async throws -> [[ContentBlock]] {
        try await stored(session).messages.map(\.content)
    }

    @Test func `an end that fails is told as failed, once; the reply stays and is saved by the next commit`()
        async throws
    {
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        _ = try await follower.until("turn.started")
        store.fail(.full)
        try await fixture.provider.nextCall().reply("1")
        let end = try #require(try await follower.until("turn.done").last)
        #expect(end["status"] == "failed")
        #expect(end["error"]?["code"] == "storage")
        #expect(try await texts(session) == [[.text("One")]])
        #expect(try await fixture.snapshot(of: session).texts == ["One", "1"])
        store.fail(nil)
        session.send("Two", id: "m2", from: follower)
        let call = try await fixture.provider.nextCall()
        #expect(call.request.messages.count == 3)
        try await call.reply("2")
        let frames = try await follower.until("turn.done")
        #expect(frames.types.count { $0 == "turn.done" } == 1)
        #expect(frames.last?["status"] == "completed")
        #expect(try await texts(session) == [[.text("One")], [.text("1")], [.text("Two")], [.text("2")]])
        #expect(try await stored(session).turns.allSatisfy { $0.state == .ended })
        #expect(try await stored(session).isAtRest)
    }

    @Test func `it is tried again each second`() async throws {
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        _ = try await follower.until("turn.started")
        store.fail(.full)
        try await fixture.provider.nextCall().reply("1")
        _ = try await follower.until("turn.done")
        await session.tick(.now())
        try await eventually { await session.isSettled }
        #expect(try await texts(session).count == 1)
        store.fail(nil)
        // By the loop's own clock.
        try await eventually { try await texts(session).count == 2 }
        #expect(try await stored(session).lastSeq == session.lastSeq)
        try await eventually { await session.owesNothing }
    }

    @Test func `what can never be saved is not tried again`() async throws {
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        _ = try await follower.until("turn.started")
        store.fail(.inconsistent("no such turn"))
        try await fixture.provider.nextCall().reply("1")
        _ = try await follower.until("turn.done")
        #expect(await session.owesNothing)
    }

    @Test func `a checkpoint that failed before the end was saved is not saved after it`() async throws {
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        _ = try await follower.until("turn.started")
        // First, since the loop looks after the session by itself too.
        store.hold()
        try await call.say([.event(.blockStarted(index: 0, .text)), .delta(0, "1")])
        await session.tick(.now())
        try await call.say([.event(.blockDone(index: 0)), .event(.stopped(StopReason(.endTurn, word: "end_turn")))])
        try await store.untilHeld(2)
        try store.releaseFirst(failing: .full)
        store.release()
        #expect(try await follower.until("turn.done").last?["status"] == "completed")
        // It would not fit the store, and take the send along.
        let frames = try await fixture.exchange("Two", "2", id: "m2", in: session, follower)
        #expect(frames.types.first == "message")
        #expect(try await texts(session).count == 4)
    }

    @Test func `what a turn said that never was is not owed`() async throws {
        let (session, follower) = try await fixture.open()
        store.hold()
        session.send("One", id: "m1", from: follower)
        try await fixture.provider.nextCall().say([
            .event(.blockStarted(index: 0, .toolCall(id: "c_1", name: "echo"))), .delta(0, "{\"text\":\"x\"}"),
            .event(.blockDone(index: 0)), .event(.stopped(StopReason(.toolUse, word: "tool_use"))),
        ])
        try await store.untilHeld(2)
        store.release(failing: .full)
        #expect(try await follower.next()["code"] == "storage")
        try await eventually { await session.isSettled }
        let frames = try await fixture.exchange("Two", "2", id: "m2", in: session, follower)
        #expect(frames.types == ["message", "turn.started", "block.started", "delta", "block.done", "turn.done"])
        #expect(try await texts(session) == [[.text("Two")], [.text("2")]])
    }

    @Test func `a turn whose acceptance is not saved does not start when the one before it ends`() async throws {
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        _ = try await follower.until("turn.started")
        store.hold()
        session.send("Two", id: "m2", from: follower)
        try await store.untilHeld(1)
        try await call.reply("1")
        try await store.untilHeld(2)
        try store.releaseFirst(failing: .full)
        store.release()
        let frames = try await follower.until("turn.done")
        #expect(frames.first { $0["type"] == "error" }?["ref"] == "m2")
        #expect(frames.last?["status"] == "completed", "the reply before it is not lost with it")
        #expect(try await texts(session) == [[.text("One")], [.text("1")]])
        try await fixture.exchange("Two", "2", id: "m2", in: session, follower)
        #expect(try await texts(session).count == 4)
    }

    @Test func `and starts once it is saved`() async throws {
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        _ = try await follower.until("turn.started")
        store.hold()
        session.send("Two", id: "m2", from: follower)
        try await store.untilHeld(1)
        try await call.reply("1")
        try await store.untilHeld(2)
        store.release()
        try await fixture.provider.nextCall().reply("2")
        let frames = try await follower.until("turn.done") + follower.until("turn.done")
        #expect(frames.filter { $0["type"] == "turn.done" }.map { $0["status"] } == ["completed", "completed"])
        #expect(frames.map(\.seq) == frames.map(\.seq).sorted())
        #expect(try await stored(session).turns.allSatisfy { $0.state == .ended })
    }

    // MARK: Tools

    @Test(arguments: [true, false])
    func `a tool call that cannot be saved, before or after it ran, ends the turn`(isBefore: Bool) async throws {
        let (session, follower) = try await fixture.open()
        session.send("Hi", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        _ = try await follower.until("turn.started")
        if isBefore {
            store.fail(.full) { $0.progresses }
        } else {
            store.fail(.full) { commit in
                commit.has { change in
                    guard case .progress(_, let pieces) = change else { return false }
                    return pieces.contains { if case .toolResult = $0.block { true } else { false } }
                }
            }
        }
        try await call.say([
            .event(.blockStarted(index: 0, .toolCall(id: "c_1", name: "echo"))), .delta(0, "{\"text\":\"x\"}"),
            .event(.blockDone(index: 0)), .event(.stopped(StopReason(.toolUse, word: "tool_use"))),
        ])
        let frames = try await follower.until("turn.done")
        #expect(frames.last?["status"] == "failed")
        #expect(frames.last?["error"]?["code"] == "storage")
        #expect(frames.types.contains("tool.started") == !isBefore)
        #expect(!frames.types.contains("tool.done"))
        store.fail(nil)
        try await eventually { try await stored(session).turns.allSatisfy { $0.state == .ended } }
        if !isBefore { try await fixture.provider.nextCall().untilCancelled() }
        #expect(try await fixture.exchange("Two", "2", id: "m2", in: session, follower).types.first == "message")
    }

    // MARK: A start of its own

    @Test func `a turn from before a restart whose start cannot be saved is seen by nobody, and starts later`()
        async throws
    {
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        session.send("Two", id: "m2", from: follower)
        _ = try await follower.until("turn.queued")
        await fixture.directory.drain(for: .zero)
        let end = try #require(try await follower.until("turn.done").last)
        let failing = HeldStore(store.memory)
        let after = try SessionFixture(store: failing)
        failing.fail(.full) { $0.starts }
        let (again, back) = try await after.join(session.id, 1, epoch: session.epoch, after: end.seq)
        #expect(try await back.next()["resume"] == "exact")
        try await after.provider.nextCall().untilCancelled()
        try await eventually { await again.isSettled }
        #expect(try await back.seen(of: again).isEmpty)
        again.send("Three", id: "m3", from: back)
        #expect(try await back.until("turn.queued").last?["ref"] == "m3")
        failing.fail(nil)
        // By the loop's own clock. Calls that were tried meanwhile are cancelled.
        let frames = try await back.until("turn.started")
        #expect(frames.last?["ref"] == "m2")
    }
}
