import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing
import Tools

@testable import Sessions

/// A process that dies about a person's word: between the word and what comes of it, nothing runs twice and nothing is asked twice.
@Suite(.timeLimit(.minutes(1))) struct DecisionCrashTests {
    private let store = MemoryStore()

    @Test func `a call that was allowed is not asked about again, whatever was saved in between`() async throws {
        let held = HeldStore()
        let gate = Gate()
        let before = try SessionFixture(store: held, tools: [SlowLetter(), gate])
        let (session, follower) = try await before.awaiting(
            .calls(
                ("c_1", "gate", "{}"), ("c_2", "slow_letter", #"{"to":"Ada"}"#),
                ("c_3", "slow_letter", #"{"to":"Bob"}"#)))
        held.hold()
        session.allow("c_2", from: follower)
        try await held.untilHeld()
        // The other tool's result is saved behind the word and before its completion.
        gate.open()
        try await before.until(session) { $0.running?.turn.openCalls == ["c_2", "c_3"] }
        try await held.untilHeld(2)
        held.release()
        _ = try await follower.until("tool.done")
        let waiting = try await held.session(session.id)?.turns.last?.waiting
        #expect(waiting?.map(\.call.id) == ["c_3"])
    }

    @Test func `a word that could not be saved leaves the call waiting in the store too`() async throws {
        let held = HeldStore()
        let (letter, gate) = (Letter(), Gate())
        let before = try SessionFixture(store: held, tools: [letter, gate])
        let (session, follower) = try await before.awaiting(
            .calls(("c_1", "gate", "{}"), ("c_2", "send_letter", #"{"to":"Ada"}"#)))
        held.hold()
        session.allow("c_2", from: follower)
        try await held.untilHeld()
        gate.open()
        try await before.until(session) { $0.running?.turn.openCalls == ["c_2"] }
        try await held.untilHeld(2)
        held.release(failingFirst: .unavailable("disk full"))
        _ = try await follower.until("tool.done")
        try await before.until(session) { $0.commits.isEmpty }
        let turn = try #require(try await held.session(session.id)?.turns.last)
        #expect(turn.waiting.map(\.call.id) == ["c_2"])
        session.allow("c_2", from: follower)
        #expect(try await before.provider.nextCall().result(of: "c_2")?.output == "Sent to Ada.")
    }

    @Test func `a denied call stays denied`() async throws {
        let letter = Letter()
        let before = try SessionFixture(store: store, tools: [letter])
        let session = try await before.awaiting().0
        // Killed between the word and the result: what the store has then.
        let turn = try await store.lastTurn(of: session)
        let denied = turn.waiting.map { WaitingCall(call: $0.call, kind: .denied, deadline: $0.deadline) }
        let left = try #require(try await store.session(session.id))
        store.write(
            SessionCommit(
                session: session.id, id: CommitID(rawValue: 99), ownerTerm: left.ownerTerm, epoch: left.epoch,
                lastSeq: left.lastSeq + 1, isAtRest: false, time: left.lastActiveAt,
                changes: [.waiting(turn: turn.accepted.id, denied)])
        ) { _ in }
        let fixture = try await SessionFixture.restarted(on: store, tools: [letter])
        let call = try await fixture.provider.nextCall()
        #expect(call.result(of: "c_1")?.isError == true)
        #expect(call.result(of: "c_1")?.output.contains("not allow") == true)
        try await call.reply("Pity.")
        #expect(letter.inputs == [])
    }

    @Test func `an allowed call that had started is an error with its edited input`() async throws {
        let before = try SessionFixture(store: store, tools: [Gate(), SlowLetter()])
        let (session, follower) = try await before.open()
        session.send("Write", id: "m1", from: follower)
        try await before.provider.nextCall().say(
            .calls(("c_1", "slow_letter", #"{"to":"Ada"}"#), ("c_2", "slow_letter", #"{"to":"Bob"}"#)))
        _ = try await follower.until("tool.approval")
        session.allow("c_1", input: ["to": "Eve"], from: follower)
        _ = try await follower.until("tool.started")
        let fixture = try await SessionFixture.restarted(on: store, tools: [SlowLetter()])
        let (_, late) = try await fixture.join(session.id, 1)
        let live = try #require(try await late.until("snapshot").last?["live"])
        #expect(live["approvals"]?.arrayValue?.map { $0["call"] } == ["c_2"])
        let block = live["blocks"]?.arrayValue?.first
        #expect(block?["input"] == ["to": "Eve"])
        #expect(block?["result"]?["is_error"] == true)
    }
}
