import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing

@testable import Sessions

/// A turn that nobody follows.
@Suite(.timeLimit(.minutes(1))) struct UnattendedTests {
    private func limits(_ change: (inout SessionLimits) -> Void) -> SessionLimits {
        var limits = SessionLimits()
        change(&limits)
        return limits
    }

    @Test func `it goes on, and is there for whoever comes back`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("Hi", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        session.unfollow(follower)
        await session.tick(.now() + .minutes(9))
        try await call.reply("Hello")
        let back = try await fixture.join(session, 2)
        let snapshot = try #require(try await back.until("snapshot").last)
        #expect(snapshot.texts == ["Hi", "Hello"])
        #expect(snapshot["messages"]?.arrayValue?.last?["status"] == "completed")
    }

    @Test func `it ends after a while, and those that wait get as long`() async throws {
        let fixture = try SessionFixture(
            limits: limits {
                $0.unattendedTime = .seconds(100)
                $0.turnTime = .seconds(100_000)
            })
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        session.send("Two", id: "m2", from: follower)
        let first = try await fixture.provider.nextCall()
        _ = try await follower.until("turn.queued")
        let seq = await session.lastSeq
        session.unfollow(follower)
        await session.tick(.now() + .seconds(90))
        #expect(await session.queuedTurns == ["m2"])
        await session.tick(.now() + .seconds(110))
        try await first.untilCancelled()
        #expect(await session.queuedTurns.isEmpty)
        await session.tick(.now() + .seconds(90))
        let back = try await fixture.join(session, 2, epoch: session.epoch, after: seq)
        let frames = try await back.until("turn.started")
        #expect(frames.first { $0["type"] == "turn.done" }?["status"] == "time_limit")
        await session.tick(.now() + .hours(1))
        try await fixture.provider.nextCall().reply("2")
        #expect(try await back.until("turn.done").last?["status"] == "completed", "somebody follows it")
    }

    @Test func `it ends once its reply is long enough`() async throws {
        let fixture = try SessionFixture(limits: limits { $0.unattendedTokens = 100 })
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        try await call.say([
            .event(.blockStarted(index: 0, .text)), .delta(0, String(repeating: "words ", count: 200)),
        ])
        await session.tick(.now())
        #expect(await session.isRunning, "somebody follows it")
        let seq = await session.lastSeq
        session.unfollow(follower)
        await session.tick(.now())
        try await call.untilCancelled()
        let back = try await fixture.join(session, 2, epoch: session.epoch, after: seq)
        let frames = try await back.until("turn.done")
        #expect(frames.last?["status"] == "max_tokens")
        #expect(frames.contains { $0["type"] == "block.done" && $0["partial"] == true })
    }

    @Test func `it leaves memory when it has ended`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        session.unfollow(follower)
        try await call.reply("1")
        try await session.untilResting()
        #expect(fixture.directory.count == 0)
        #expect(await session.isBare)
    }
}
