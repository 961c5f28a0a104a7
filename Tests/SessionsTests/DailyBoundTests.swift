import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing

@testable import Sessions

/// What a session and a user may use on a day. `ScriptedCall.reply` reports 3 tokens of input and 2 of output.
@Suite(.timeLimit(.minutes(1))) struct DailyBoundTests {
    private let memory = MemoryStore()
    private let prices = ["scripted-1": TokenPrice(input: 1_000_000, output: 10_000_000)]

    private func fixture(_ change: (inout SpendingBounds) -> Void) throws -> SessionFixture {
        var limits = SessionLimits()
        change(&limits.spending)
        return try SessionFixture(store: memory, limits: limits, prices: prices)
    }

    private func refusal(
        of text: String, in session: ChatSession, _ follower: RecordingFollower
    ) async throws -> JSONValue {
        session.send(text, id: "refused", from: follower)
        return try await follower.next()
    }

    @Test func `a session that has used its tokens is refused another turn, and told until when`() async throws {
        let fixture = try fixture { $0.sessionTokens = 10 }
        let (session, follower) = try await fixture.open()
        try await fixture.exchange("One", "1", id: "m1", in: session, follower)
        try await fixture.exchange("Two", "2", id: "m2", in: session, follower)
        for command in [ClientCommand.send(.init(text: "Three")), .regenerate(.init())] {
            session.say(command, id: "m3", from: follower)
            let error = try await follower.next()
            #expect(error["code"] == "quota_exceeded" && error["ref"] == "m3" && error["retryable"] == true)
            #expect(error["message"]?.stringValue?.contains("10 of the 10 tokens that this session has") == true)
            #expect((1...86_400_000).contains(error["retry_after_ms"]?.intValue ?? 0))
        }
        session.send("Two", id: "m2", from: follower)
        #expect(try await follower.next()["replay"] == true, "that one was taken on")
        let (other, another) = try await fixture.open()
        try await fixture.exchange("One", "1", id: "m1", in: other, another)
    }

    @Test func `a user's sessions share a bound`() async throws {
        let fixture = try fixture { $0.userTokens = 5 }
        let (first, one) = try await fixture.open(as: Owner(key: "ada"))
        try await fixture.exchange("One", "1", id: "m1", in: first, one)
        let (second, two) = try await fixture.open(as: Owner(key: "ada"))
        #expect(try await refusal(of: "Two", in: second, two)["code"] == "quota_exceeded")
        let (third, three) = try await fixture.open(as: Owner(key: "bob"))
        try await fixture.exchange("Three", "3", id: "m1", in: third, three)
    }

    @Test func `what turns cost is bounded too, at the prices given`() async throws {
        let fixture = try fixture { $0.userCost = 30 }
        let (session, follower) = try await fixture.open()
        try await fixture.exchange("One", "1", id: "m1", in: session, follower)
        try await fixture.exchange("Two", "2", id: "m2", in: session, follower)
        let error = try await refusal(of: "Three", in: session, follower)
        #expect(error["message"]?.stringValue?.contains("$0.000046 of the $0.00003") == true)
        session.say(.stats, id: "s", from: follower)
        #expect(try await follower.next()["cost"] == .double(0.000046))
    }

    @Test func `without a price for each of its models a session's cost is not known`() async throws {
        let fixture = try fixture { _ in }
        let (session, follower) = try await fixture.open()
        try await fixture.exchange("One", "1", id: "m1", in: session, follower)
        session.send("Two", id: "m2", from: follower, options: SettingsChange(model: "scripted-2"))
        try await fixture.provider.nextCall().reply("2")
        _ = try await follower.until("turn.done")
        session.say(.stats, id: "s", from: follower)
        #expect(try await follower.next()["cost"] == nil)
    }

    @Test func `the turn that runs may end, and those that wait end without a call`() async throws {
        let fixture = try fixture { $0.sessionTokens = 5 }
        let (session, follower) = try await fixture.open()
        for number in 1...3 { session.send("Question \(number)", id: "m\(number)", from: follower) }
        _ = try await follower.until("turn.queued") + follower.until("turn.queued")
        try await fixture.provider.nextCall().reply("Hello")
        #expect(try await follower.until("turn.done").last?["status"] == "completed")
        for _ in 0..<2 {
            let done = try #require(try await follower.until("turn.done").last)
            #expect(done["status"] == "failed" && done["error"]?["code"] == "quota_exceeded")
            #expect(done["error"]?["retry_after_ms"] != nil && done["usage"]?["input_tokens"] == 0)
        }
        let error = try await refusal(of: "Four", in: session, follower)
        #expect(error["message"]?.stringValue?.contains("5 of the 5 tokens") == true)
        #expect(try await memory.session(session.id)?.turns.map(\.state) == [.ended, .ended, .ended])
        #expect(fixture.directory.environment.places.counts == (0, 0))
    }

    @Test func `a call that the provider does not take uses nothing`() async throws {
        let fixture = try fixture { $0.userTokens = 1 }
        let (session, follower) = try await fixture.open()
        let refused = ModelError(.auth, message: "no such key", retryable: false, status: 401)
        for number in 1...2 {
            session.send("Question \(number)", id: "m\(number)", from: follower)
            try await fixture.provider.nextCall().say([.event(.failed(refused))])
            let done = try #require(try await follower.until("turn.done").last)
            #expect(done["error"]?["code"] == "upstream_auth" && done["usage"]?["input_tokens"] == 0)
        }
        // One that breaks off after it had begun was taken.
        session.send("Question 3", id: "m3", from: follower)
        try await fixture.provider.nextCall().say([
            .event(.started(model: "scripted-1", requestID: nil)), .event(.failed(refused)),
        ])
        #expect(try await follower.until("turn.done").last?["usage"]?["input_tokens"]?.intValue ?? 0 > 0)
        #expect(try await refusal(of: "Four", in: session, follower)["code"] == "quota_exceeded")
    }

    @Test func `a turn that waits over a restart is bounded by what was used before`() async throws {
        let before = try fixture { _ in }
        let (used, one) = try await before.open()
        try await before.exchange("One", "1", id: "m1", in: used, one)
        let (session, follower) = try await before.open()
        session.send("Two", id: "m1", from: follower)
        session.send("Three", id: "m2", from: follower)
        _ = try await follower.until("turn.queued")
        let after = try fixture { $0.userTokens = 5 }
        try await after.directory.recover()
        try await eventually { try await memory.session(session.id)?.turns.map(\.state) == [.ended, .ended] }
        #expect(try await memory.session(session.id)?.messages.last?.status == .failed)
    }

    @Test func `a cancelled turn counts with what is estimated, one that never started not at all`() async throws {
        let fixture = try fixture { $0.sessionTokens = 1_000 }
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        session.send("Two", id: "m2", from: follower)
        let call = try await fixture.provider.nextCall()
        try await call.say([.event(.blockStarted(index: 0, .text)), .delta(0, String(repeating: "word ", count: 100))])
        _ = try await follower.until("turn.queued")
        session.say(.cancel(.init(send: "m2")), id: nil, from: follower)
        _ = try await follower.until("turn.done")
        let before = await session.spending.spending
        session.say(.cancel(.init(send: "m1")), id: nil, from: follower)
        _ = try await follower.until("turn.done")
        let after = await session.spending.spending
        #expect(before == Spending() && after.tokens > 50)
        #expect(try await memory.session(session.id)?.spending?.spending == after)
    }

    @Test func `the sums survive a restart, and a user's also clear and delete`() async throws {
        let before = try fixture { $0.userTokens = 10 }
        let (first, one) = try await before.open()
        try await before.exchange("One", "1", id: "m1", in: first, one)
        let (second, two) = try await before.open()
        try await before.exchange("Two", "2", id: "m1", in: second, two)
        second.say(.delete, id: nil, from: two)
        _ = try await two.until("session.deleted")
        first.say(.clear, id: nil, from: one)
        _ = try await one.until("session.cleared")
        #expect(try await refusal(of: "Three", in: first, one)["code"] == "quota_exceeded")

        let after = try fixture { $0.userTokens = 10 }
        let (again, back) = try await after.join(first.id, 1)
        _ = try await back.until("snapshot")
        #expect(try await refusal(of: "Three", in: again, back)["code"] == "quota_exceeded")
        let (new, three) = try await after.open()
        #expect(try await refusal(of: "Three", in: new, three)["code"] == "quota_exceeded")

        let session = try fixture { $0.sessionTokens = 5 }
        let (same, four) = try await session.join(first.id, 1)
        _ = try await four.until("snapshot")
        #expect(try await refusal(of: "Three", in: same, four)["code"] == "quota_exceeded", "clear gives nothing back")
    }

    @Test func `what could not be saved is counted, and saved once it can be`() async throws {
        let store = HeldStore(memory)
        var limits = SessionLimits()
        limits.spending.userTokens = 5
        let fixture = try SessionFixture(store: store, limits: limits)
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        _ = try await follower.until("turn.started")
        store.fail(.unavailable("disk"))
        try await call.reply("1")
        #expect(try await follower.until("turn.done").last?["status"] == "failed")
        #expect(try await refusal(of: "Two", in: session, follower)["code"] == "quota_exceeded")
        #expect(try await memory.session(session.id)?.spending == nil)
        store.fail(nil)
        try await eventually {
            await session.tick(.now())
            return try await memory.session(session.id)?.spending?.spending.tokens == 5
        }
    }

    @Test func `a session is not opened whose user's sum cannot be read`() async throws {
        let store = HeldStore(memory)
        var limits = SessionLimits()
        limits.spending.userTokens = 5
        let fixture = try SessionFixture(store: store, limits: limits)
        let (session, _) = try await fixture.open()
        let after = try SessionFixture(store: store, limits: limits)
        store.failSpending(.unavailable("disk"))
        await #expect(throws: CommandError.self) { try await after.join(session.id, 1) }
        await #expect(throws: CommandError.self) { try await after.open() }
        store.failSpending(nil)
        _ = try await after.join(session.id, 1)
    }
}
