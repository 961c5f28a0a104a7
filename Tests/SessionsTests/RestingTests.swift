import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing

@testable import Sessions

@Suite(.timeLimit(.minutes(1))) struct RestingTests {
    /// A session with a past that rests, and its one follower.
    private func resting(
        _ fixture: SessionFixture
    ) async throws -> (session: ChatSession, follower: RecordingFollower, seq: Int) {
        let (session, follower) = try await fixture.open()
        let frames = try await fixture.exchange("One", "1", id: "m1", in: session, follower)
        try await session.untilResting()
        return (session, follower, frames.last?.seq ?? 0)
    }

    @Test func `a session that rests keeps its settings and its log's end, and no history`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        try await fixture.exchange("One", "1", id: "m1", in: session, follower)
        session.say(.configure(SettingsChange(title: "Sums")), id: "s1", from: follower)
        let seq = try #require(try await follower.until("session.updated").last?.seq)
        try await session.untilResting()
        #expect(await session.presence == .resting)
        #expect(await session.isBare)
        #expect(await session.lastSeq == seq)
        let (_, late) = try await fixture.join(session.id, 2, epoch: session.epoch, after: seq)
        let welcome = try await late.next()
        #expect(welcome["settings"]?["title"] == "Sums")
        #expect(welcome.seq == seq)
        #expect(welcome["state"] == "idle")
    }

    @Test func `one who has seen everything follows without a load`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower, seq) = try await resting(fixture)
        let back = try await fixture.join(session, 2, epoch: session.epoch, after: seq)
        #expect(try await back.next()["resume"] == "exact")
        #expect(store.loads == 0)
        #expect(await session.presence == .resting)
        session.send("Two", id: "m2", from: follower)
        try await fixture.provider.nextCall().reply("2")
        for follower in [follower, back] {
            let frames = try await follower.until("turn.done")
            #expect(frames.first?["type"] == "message")
            #expect(frames.map(\.seq) == Array(seq + 1...seq + 6))
        }
    }

    @Test func `one who has not gets a snapshot of what is on disk`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, _, seq) = try await resting(fixture)
        let back = try await fixture.join(session, 2, epoch: session.epoch, after: seq - 1)
        let frames = try await back.until("snapshot")
        #expect(frames[0]["resume"] == "snapshot")
        #expect(frames[1].texts == ["One", "1"])
        #expect(frames[1].seq == seq)
        #expect(store.loads == 1)
    }

    @Test func `a command brings the history back, and the model sees it`() async throws {
        let fixture = try SessionFixture()
        let (session, follower, seq) = try await resting(fixture)
        session.send("Two", id: "m2", from: follower)
        let call = try await fixture.provider.nextCall()
        #expect(call.request.messages.map(\.content) == [[.text("One")], [.text("1")], [.text("Two")]])
        #expect(try await follower.until("message").last?.seq == seq + 1)
        session.send("One", id: "m1", from: follower)
        let again = try #require(try await follower.until("message").last)
        #expect(again["replay"] == true)
        #expect(again.seq == 1)
    }

    @Test func `commands that come while the history is read are carried out in order, and it is read once`()
        async throws
    {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower, _) = try await resting(fixture)
        store.holdLoads()
        session.send("Two", id: "m2", from: follower)
        session.say(.stats, id: "q1", from: follower)
        session.say(.configure(SettingsChange(title: "T")), id: "s1", from: follower)
        session.send("Three", id: "m3", from: follower)
        session.say(.ping("meanwhile"), id: nil, from: follower)
        #expect(try await follower.next()["type"] == "pong")
        store.releaseLoads()
        try await fixture.provider.nextCall().reply("2")
        try await fixture.provider.nextCall().reply("3")
        let frames = try await follower.until("turn.done") + follower.until("turn.done")
        let events = frames.filter { $0["seq"] != nil }
        #expect(events.map(\.seq) == events.map(\.seq).sorted())
        let acknowledged = events.filter { ["message", "session.updated"].contains($0["type"]) }
        #expect(acknowledged.compactMap { $0["ref"]?.stringValue } == ["m2", "s1", "m3"])
        // Between the two messages.
        #expect(frames.first { $0["type"] == "stats" }?["turn_count"] == 2)
        #expect(store.loads == 1)
    }

    @Test func `a load that fails refuses what waits for it, and the next one works`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower, seq) = try await resting(fixture)
        store.failLoads(.full)
        session.send("Two", id: "m2", from: follower)
        let error = try await follower.next()
        #expect(error["code"] == "storage")
        #expect(error["retryable"] == true)
        #expect(error["ref"] == "m2")
        let newcomer = try await fixture.join(session, 2)
        #expect(try await newcomer.next()["code"] == "storage")
        #expect(try await newcomer.next()["type"] == "released")
        store.failLoads(nil)
        session.send("Two", id: "m2", from: follower)
        #expect(try await follower.until("message").last?.seq == seq + 1)
    }

    @Test func `without followers it leaves memory, and comes back with the same numbering`() async throws {
        let fixture = try SessionFixture()
        let (session, follower, seq) = try await resting(fixture)
        #expect(fixture.directory.count == 1)
        session.unfollow(follower)
        try await eventually { fixture.directory.count == 0 }
        let (again, back) = try await fixture.join(session.id, 2, epoch: session.epoch, after: seq)
        #expect(again !== session)
        #expect(await again.epoch == session.epoch)
        #expect(try await back.next()["resume"] == "exact")
        let frames = try await fixture.exchange("Two", "2", id: "m2", in: again, back)
        #expect(frames.map(\.seq) == Array(seq + 1...seq + 6))
        #expect(try await fixture.snapshot(of: again).texts == ["One", "1", "Two", "2"])
    }

    @Test func `a session whose history cannot be read leaves memory with its last follower`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower, _) = try await resting(fixture)
        store.failLoads(.full)
        let newcomer = try await fixture.join(session, 2)
        session.unfollow(follower)
        #expect(try await newcomer.until("released").count == 2)
        try await eventually { fixture.directory.count == 0 }
    }

    // MARK: No rest

    @Test func `a turn that runs, or waits, keeps it awake`() async throws {
        var limits = SessionLimits()
        limits.turnTime = .seconds(86_400)
        let fixture = try SessionFixture(limits: limits)
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        session.send("Two", id: "m2", from: follower)
        _ = try await follower.until("turn.queued")
        for _ in 0..<3 { await session.tick(.now() + .hours(1)) }
        #expect(await session.presence == .loaded)
        #expect(await session.queuedTurns == ["m2"])
        try await fixture.provider.nextCall().reply("1")
        try await fixture.provider.nextCall().reply("2")
        _ = try await follower.until("turn.done") + follower.until("turn.done")
        try await session.untilResting()
    }

    @Test func `a follower that has not been sent everything keeps it awake`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        let slow = try await fixture.join(session, 2)
        _ = try await slow.until("snapshot")
        try await slow.fillUp()
        try await fixture.exchange("One", "1", id: "m1", in: session, follower)
        for _ in 0..<3 { await session.tick(.now() + .hours(1)) }
        #expect(await session.presence == .loaded)
        try await slow.drain(session)
        #expect(try await slow.until("turn.done").text == "1")
        try await session.untilResting()
    }

    @Test func `what could not be saved keeps it awake`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        _ = try await follower.until("message")
        store.fail(.full)
        try await fixture.provider.nextCall().reply("1")
        #expect(try await follower.until("turn.done").last?["error"]?["code"] == "storage")
        for _ in 0..<3 {
            await session.tick(.now() + .hours(1))
            try await eventually { await session.isSettled }
        }
        #expect(await session.presence == .loaded)
        store.fail(nil)
        try await session.untilResting()
        #expect(try await store.memory.session(session.id)?.messages.map(\.content) == [[.text("One")], [.text("1")]])
    }

    @Test func `a reply that has just ended does not rest at once, however long it took`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        await session.backdate(.minutes(5))
        try await call.reply("1")
        _ = try await follower.until("turn.done")
        await session.tick(.now() + .seconds(1))
        #expect(await session.presence == .loaded)
    }

    // MARK: Leases

    @Test func `a session that was found stays until it is followed`() async throws {
        let fixture = try SessionFixture()
        let (session, follower, _) = try await resting(fixture)
        let found = try await fixture.directory.find(session.id, owner: SessionFixture.owner, on: fixture.loops[0])
        session.unfollow(follower)
        await session.tick(.now() + .hours(1))
        #expect(fixture.directory.count == 1)
        #expect(await session.presence == .resting)
        let next = RecordingFollower(2, on: fixture.loops[0])
        found.perform { $0.follow(next.id, .init(), ref: nil, isNew: false, over: next) }
        #expect(try await next.until("snapshot").last?.texts == ["One", "1"])
        #expect(fixture.directory.count == 1)
    }

    @Test func `a lease that ends without a follower lets it go`() async throws {
        let fixture = try SessionFixture()
        let (session, follower, _) = try await resting(fixture)
        let found = try await fixture.directory.find(session.id, owner: SessionFixture.owner, on: fixture.loops[0])
        session.unfollow(follower)
        await session.tick(.now() + .hours(1))
        #expect(fixture.directory.count == 1)
        fixture.directory.release(found)
        try await eventually { fixture.directory.count == 0 }
    }
}

extension ChatSession {
    /// As if what happened last had happened so long ago.
    fileprivate func backdate(_ age: TimeAmount) { activeAt = .now() - age }
}
