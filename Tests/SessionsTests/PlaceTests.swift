import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing

@testable import Sessions

/// Turns of many sessions, of which only some run at once.
@Suite(.timeLimit(.minutes(1))) struct PlaceTests {
    private let ada = Owner(key: "anonymous:ada")
    private let bob = Owner(key: "anonymous:bob")

    private func limits(_ turns: Int, perUser: Int = 100, waiting: Int = 100) -> SessionLimits {
        var limits = SessionLimits()
        limits.places.turns = turns
        limits.places.turnsPerUser = perUser
        limits.places.waiting = waiting
        return limits
    }

    /// A session in which a turn waits.
    private func waiting(
        in fixture: SessionFixture, as owner: Owner = SessionFixture.owner
    ) async throws -> (ChatSession, RecordingFollower, queue: JSONValue) {
        let (session, follower) = try await fixture.open(as: owner)
        session.send("Hi", id: "m1", from: follower)
        return (session, follower, try #require(try await follower.until("queue").last))
    }

    // MARK: Waiting

    @Test func `a turn without a place is queued, told where it stands, and begins when one is free`() async throws {
        let fixture = try SessionFixture(limits: limits(1))
        let (first, one) = try await fixture.open()
        first.send("One", id: "m1", from: one)
        let call = try await fixture.provider.nextCall()
        let (second, two) = try await fixture.open()
        second.send("Two", id: "m1", from: two)
        let frames = try await two.until("queue")
        try #require(frames.types == ["message", "turn.queued", "queue"])
        #expect(frames[2]["turn"] == frames[1]["turn"] && frames[2]["position"] == 1 && frames[2]["seq"] == nil)
        try await call.reply("1")
        #expect(try await two.until("turn.started").last?["turn"] == frames[1]["turn"])
        try await fixture.provider.nextCall().reply("2")
        #expect(try await two.until("turn.done").last?["status"] == "completed")
        try await eventually { fixture.directory.environment.places.counts == (0, 0) }
    }

    @Test func `nobody is told of a turn that is not saved yet`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store, limits: limits(1))
        let (first, one) = try await fixture.open()
        first.send("One", id: "m1", from: one)
        _ = try await one.until("turn.started")
        let (second, two) = try await fixture.open()
        store.hold()
        second.send("Two", id: "m1", from: two)
        try await store.untilHeld()
        await second.tick(.now())
        store.release()
        let types = try await two.until("queue").types
        #expect(types == ["message", "turn.queued", "queue"])
    }

    @Test func `a user has so many at once, and others do not wait for that`() async throws {
        let fixture = try SessionFixture(limits: limits(10, perUser: 1))
        let (first, one) = try await fixture.open(as: ada)
        first.send("One", id: "m1", from: one)
        let call = try await fixture.provider.nextCall()
        let (_, two, _) = try await waiting(in: fixture, as: ada)
        let (third, three) = try await fixture.open(as: bob)
        third.send("Three", id: "m1", from: three)
        try await fixture.provider.nextCall().reply("3")
        _ = try await three.until("turn.done")
        try await call.reply("1")
        _ = try await two.until("turn.started")
    }

    @Test func `the sessions of the shared owner count as users of their own`() async throws {
        let fixture = try SessionFixture(limits: limits(10, perUser: 1))
        for _ in 0..<3 {
            let (session, follower) = try await fixture.open()
            session.send("Hi", id: "m1", from: follower)
            _ = try await follower.until("turn.started")
        }
    }

    @Test func `users take turns, and each is told when it moves up`() async throws {
        let fixture = try SessionFixture(limits: limits(1))
        let (first, one) = try await fixture.open(as: ada)
        first.send("Hi", id: "m1", from: one)
        let call = try await fixture.provider.nextCall()
        let (_, ada2, _) = try await waiting(in: fixture, as: ada)
        let (_, ada3, third) = try await waiting(in: fixture, as: ada)
        let (_, bob1, second) = try await waiting(in: fixture, as: bob)
        #expect(third["position"] == 2 && second["position"] == 2)
        #expect(try await ada3.until("queue").last?["position"] == 3, "bob comes between")
        try await call.reply("1")
        _ = try await ada2.until("turn.started")
        #expect(try await bob1.until("queue").last?["position"] == 1)
        try await fixture.provider.nextCall().reply("2")
        _ = try await bob1.until("turn.started")
        try await fixture.provider.nextCall().reply("3")
        _ = try await ada3.until("turn.started")
    }

    @Test func `the next turn of a session goes behind those of other users`() async throws {
        let fixture = try SessionFixture(limits: limits(1))
        let (first, one) = try await fixture.open(as: ada)
        first.send("One", id: "m1", from: one)
        first.send("Two", id: "m2", from: one)
        let call = try await fixture.provider.nextCall()
        let (_, two, _) = try await waiting(in: fixture, as: bob)
        try await call.reply("1")
        _ = try await two.until("turn.started")
        let queue = try #require(try await one.until("queue").last)
        #expect(queue["position"] == 1)
        try await fixture.provider.nextCall().reply("2")
        #expect(try await one.until("turn.started").last?["turn"] == queue["turn"])
    }

    @Test func `a waiting turn can be cancelled, and another one begins in its place`() async throws {
        let fixture = try SessionFixture(limits: limits(1))
        let (first, one) = try await fixture.open()
        first.send("One", id: "m1", from: one)
        let call = try await fixture.provider.nextCall()
        let (second, two, _) = try await waiting(in: fixture)
        let (_, three, _) = try await waiting(in: fixture)
        second.say(.cancel(.init(send: "m1")), id: "x", from: two)
        #expect(try await two.until("turn.done").last?["status"] == "cancelled")
        try await call.reply("1")
        _ = try await three.until("turn.started")
        #expect(fixture.directory.environment.places.counts == (1, 0))
    }

    @Test func `who comes to a session that waits is shown that it does`() async throws {
        let fixture = try SessionFixture(limits: limits(1))
        let (first, one) = try await fixture.open()
        first.send("One", id: "m1", from: one)
        _ = try await fixture.provider.nextCall()
        let (second, _, queue) = try await waiting(in: fixture)
        let frames = try await fixture.join(second, 2).until("queue")
        try #require(frames.types == ["welcome", "snapshot", "queue"])
        #expect(frames[0]["state"] == "idle" && frames[0]["turn"] == nil)
        #expect(frames[1]["queued"]?.arrayValue?.first?["turn"] == queue["turn"] && frames[1]["live"] == nil)
        #expect(frames[2] == queue)
    }

    @Test func `where too many wait, one more is refused and those that were accepted are not`() async throws {
        let fixture = try SessionFixture(limits: limits(1, waiting: 1))
        let (first, one) = try await fixture.open()
        first.send("One", id: "m1", from: one)
        let call = try await fixture.provider.nextCall()
        let (second, two, _) = try await waiting(in: fixture)
        let (third, three) = try await fixture.open()
        third.send("Three", id: "m1", from: three)
        let refusal = try await three.next()
        #expect(refusal["type"] == "error" && refusal["code"] == "overloaded" && refusal["retryable"] == true)
        first.send("Four", id: "m2", from: one)
        second.send("Five", id: "m2", from: two)
        _ = try await two.until("turn.queued")
        try await call.reply("1")
        for _ in 0..<3 { try await fixture.provider.nextCall().reply("Hello") }
        for follower in [one, two] { _ = try await follower.until("turn.done") }
        third.send("Three", id: "m1", from: three)
        _ = try await three.until("turn.started")
    }

    // MARK: Awaiting

    @Test func `a turn that awaits a person has no place, and goes on once it has one again`() async throws {
        let letter = Letter()
        let fixture = try SessionFixture(tools: [letter], limits: limits(1))
        let (first, one) = try await fixture.awaiting()
        let (second, two) = try await fixture.open()
        second.send("Two", id: "m1", from: two)
        let call = try await fixture.provider.nextCall()
        first.allow("c_1", from: one)
        let queue = try #require(try await one.until("queue").last)
        #expect(queue["position"] == 1)
        #expect(letter.inputs.count == 1, "the tool needs no place")
        let (_, three, _) = try await waiting(in: fixture)
        try await call.reply("2")
        let next = try await fixture.provider.nextCall()
        #expect(next.result(of: "c_1")?.isError == false)
        try await next.reply("Sent.")
        #expect(try await one.until("turn.done").last?["turn"] == queue["turn"])
        _ = try await three.until("turn.started")
    }

    @Test func `a turn that waits to go on can be cancelled`() async throws {
        let fixture = try SessionFixture(tools: [Letter()], limits: limits(1))
        let (first, one) = try await fixture.awaiting()
        let (second, two) = try await fixture.open()
        second.send("Two", id: "m1", from: two)
        let call = try await fixture.provider.nextCall()
        first.deny("c_1", from: one)
        _ = try await one.until("queue")
        first.say(.cancel(.init()), id: "x", from: one)
        #expect(try await one.until("turn.done").last?["status"] == "cancelled")
        try await call.reply("2")
        _ = try await two.until("turn.done")
        try await eventually { fixture.directory.environment.places.counts == (0, 0) }
    }

    // MARK: Beginning and end of the process

    @Test func `turns that come back with a restart ask for places too`() async throws {
        let store = HeldStore()
        let before = try SessionFixture(store: store, limits: limits(1))
        let (first, one) = try await before.open()
        first.send("One", id: "m1", from: one)
        _ = try await before.provider.nextCall()
        for _ in 0..<2 { _ = try await waiting(in: before) }
        store.hold()
        let fixture = try SessionFixture(store: store.memory, limits: limits(1))
        try await fixture.directory.recover()
        let call = try await fixture.provider.nextCall()
        try await eventually { fixture.directory.environment.places.counts == (1, 1) }
        try await call.reply("2")
        try await fixture.provider.nextCall().reply("3")
        try await eventually { fixture.directory.environment.places.counts == (0, 0) }
    }

    @Test func `a server that is about to end starts none that wait`() async throws {
        let memory = MemoryStore()
        let fixture = try SessionFixture(store: memory, limits: limits(1))
        let (first, one) = try await fixture.open()
        first.send("One", id: "m1", from: one)
        let call = try await fixture.provider.nextCall()
        let (second, _, _) = try await waiting(in: fixture)
        async let drained: Void = fixture.directory.drain(for: .seconds(3600))
        try await eventually { fixture.directory.environment.drain.isDraining }
        try await call.reply("1")
        await drained
        #expect(try await memory.session(second.id)?.turns.map(\.state) == [.queued])
        try await eventually { fixture.directory.environment.places.counts.running == 0 }
    }

    @Test func `a turn whose start cannot be saved keeps no place`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store, limits: limits(1))
        let (first, one) = try await fixture.open()
        first.send("One", id: "m1", from: one)
        let call = try await fixture.provider.nextCall()
        let (second, two, _) = try await waiting(in: fixture)
        let (_, three, _) = try await waiting(in: fixture)
        store.fail(.unavailable("disk")) { [id = second.id] in $0.session == id }
        try await call.reply("1")
        _ = try await three.until("turn.started")
        store.fail(nil)
        for _ in 0..<2 { try? await fixture.provider.nextCall().reply("Hello") }
        _ = try await three.until("turn.done")
        _ = two
    }
}
