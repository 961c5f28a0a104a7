import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing

@testable import Sessions

/// How long one turn may take, and how much it may say.
@Suite(.timeLimit(.minutes(1))) struct TurnBoundTests {
    private func limits(_ change: (inout SessionLimits) -> Void) -> SessionLimits {
        var limits = SessionLimits()
        change(&limits)
        return limits
    }

    @Test func `a turn that takes too long ends, though somebody follows it`() async throws {
        let fixture = try SessionFixture(limits: limits { $0.turnTime = .seconds(100) })
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        try await call.say([.event(.blockStarted(index: 0, .text)), .delta(0, "Hal")])
        await session.tick(.now() + .seconds(90))
        #expect(await session.isRunning)
        await session.tick(.now() + .seconds(110))
        try await call.untilCancelled()
        let frames = try await follower.until("turn.done")
        #expect(frames.last?["status"] == "time_limit")
        #expect(frames.contains { $0["type"] == "block.done" && $0["partial"] == true })
    }

    @Test func `time that a person takes is not counted`() async throws {
        let fixture = try SessionFixture(tools: [Letter()], limits: limits { $0.turnTime = .seconds(100) })
        let (session, follower) = try await fixture.awaiting()
        await session.tick(.now() + .minutes(30))
        session.allow("c_1", from: follower)
        let call = try await fixture.provider.nextCall()
        await session.tick(.now() + .minutes(31))
        #expect(await session.isRunning)
        try await call.reply("Sent.")
        #expect(try await follower.until("turn.done").last?["status"] == "completed")
    }

    @Test func `a turn that says too much ends at once`() async throws {
        let fixture = try SessionFixture(limits: limits { $0.turnTokens = 100 })
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        try await call.say([
            .event(.blockStarted(index: 0, .text)), .delta(0, String(repeating: "words ", count: 60)),
            .delta(0, "and more words, which make it longer than 400 bytes, the 100 tokens that it may have."),
            .delta(0, " This is not heard any more."), .event(.stopped(StopReason(.endTurn, word: "stop"))),
        ])
        try await call.untilCancelled()
        let frames = try await follower.until("turn.done")
        #expect(frames.last?["status"] == "max_tokens")
        #expect(!frames.contains { $0["text"]?.stringValue?.contains("not heard") == true })
    }

    @Test func `what the provider counted in earlier rounds counts`() async throws {
        let fixture = try SessionFixture(tools: [Letter()], limits: limits { $0.turnTokens = 100 })
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        try await fixture.provider.nextCall().say(
            [.event(.usage(Usage(inputTokens: 5, outputTokens: 101)))] + .letter)
        _ = try await follower.until("tool.approval")
        session.allow("c_1", from: follower)
        #expect(try await follower.until("turn.done").last?["status"] == "max_tokens")
    }
}
