import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing
import Tools

@testable import Sessions

/// Tool calls that a person has to allow.
@Suite(.timeLimit(.minutes(1))) struct ApprovalTests {
    private let letter = Letter()

    @Test func `an allowed call runs once, and the model goes on with its result`() async throws {
        let fixture = try SessionFixture(tools: [letter])
        let (session, follower) = try await fixture.open()
        session.send("Write to Ada", id: "m1", from: follower)
        try await fixture.provider.nextCall().say(.letter)
        let asked = try #require(try await follower.until("tool.approval").last)
        #expect(asked["call"] == "c_1")
        #expect(asked["name"] == "send_letter")
        #expect(asked["input"] == ["to": "Ada"])
        #expect(asked["expires_in_ms"] == .int(3_600_000))
        #expect(letter.inputs == [])
        session.allow("c_1", from: follower)
        let call = try await fixture.provider.nextCall()
        #expect(
            call.replySoFar == [
                .toolCall(.letter()), .toolResult(ToolResult(call: "c_1", output: "Sent to Ada.", isError: false)),
            ])
        try await call.reply("Done.")
        let frames = try await follower.until("turn.done")
        #expect(
            frames.types == [
                "tool.approved", "tool.started", "tool.done", "block.started", "delta", "block.done", "turn.done",
            ])
        #expect(frames[0]["decision"] == "allow")
        #expect(frames[0]["ref"] == "ok")
        #expect(frames[0]["input"] == nil)
        #expect(frames[1]["runs"] == "server")
        #expect(frames.last?["status"] == "completed")
        #expect(letter.inputs == [["to": "Ada"]])
    }

    @Test func `a denied call does not run, and the model learns why`() async throws {
        let fixture = try SessionFixture(tools: [letter])
        let (session, follower) = try await fixture.awaiting()
        session.deny("c_1", reason: "She has moved.", from: follower)
        let call = try await fixture.provider.nextCall()
        let result = try #require(call.result(of: "c_1"))
        #expect(result.isError)
        #expect(result.output.contains("not allow") && result.output.contains("She has moved."))
        let frames = try await follower.until("tool.done")
        #expect(frames.types == ["tool.approved", "tool.done"])
        #expect(frames[0]["decision"] == "deny")
        #expect(frames[1]["is_error"] == true)
        try await call.reply("Pity.")
        #expect(try await follower.until("turn.done").last?["status"] == "completed")
        #expect(letter.inputs == [])
    }

    @Test func `an edited input runs in the place of the model's, and stays in the reply`() async throws {
        let fixture = try SessionFixture(tools: [letter])
        let (session, follower) = try await fixture.awaiting()
        session.allow("c_1", input: ["to": "Bob"], from: follower)
        let call = try await fixture.provider.nextCall()
        #expect(call.replySoFar.first == .toolCall(.letter(to: "Bob")))
        #expect(call.result(of: "c_1")?.output == "Sent to Bob.")
        let frames = try await follower.until("tool.done")
        #expect(frames[0]["input"] == ["to": "Bob"])
        #expect(frames[1]["input"] == ["to": "Bob"])
        try await call.reply("Done.")
        _ = try await follower.until("turn.done")
        #expect(letter.inputs == [["to": "Bob"]])
        let late = try await fixture.join(session, 2)
        let reply = try await late.until("snapshot").last?["messages"]?.arrayValue?.last
        #expect(reply?["content"]?.arrayValue?.first?["input"] == ["to": "Bob"])
    }

    @Test(arguments: [["to": 7], [:], ["text": "no one"]] as [JSONValue])
    func `an edited input that the tool would not take is refused, and the call waits on`(input: JSONValue) async throws
    {
        let fixture = try SessionFixture(tools: [letter])
        let (session, follower) = try await fixture.awaiting()
        session.allow("c_1", input: input, from: follower)
        let error = try await follower.next()
        #expect(error["code"] == "bad_field")
        #expect(error["field"] == "input")
        #expect(error["ref"] == "ok")
        session.allow("c_1", from: follower)
        #expect(try await fixture.provider.nextCall().result(of: "c_1")?.output == "Sent to Ada.")
    }

    @Test func `a no has no input`() async throws {
        let fixture = try SessionFixture(tools: [letter])
        let (session, follower) = try await fixture.awaiting()
        let decision = ToolDecision(call: "c_1", decision: .deny, input: ["to": "Bob"])
        session.say(.toolApprove(decision), id: "x", from: follower)
        #expect(try await follower.next()["code"] == "bad_field")
    }

    @Test func `an input that is wrong is not asked about`() async throws {
        let fixture = try SessionFixture(tools: [letter])
        let (session, follower) = try await fixture.open()
        session.send("Write", id: "m1", from: follower)
        try await fixture.provider.nextCall().say(
            .calls(("c_1", "send_letter", "{}"), ("c_2", "send_letter", "{\"to\"")))
        let call = try await fixture.provider.nextCall()
        #expect(call.result(of: "c_1")?.isError == true)
        #expect(call.result(of: "c_2")?.isError == true)
        try await call.reply("Sorry.")
        #expect(!(try await follower.until("turn.done").types.contains("tool.approval")))
    }

    @Test func `whoever joins sees what is awaited`() async throws {
        let fixture = try SessionFixture(tools: [letter])
        let (session, follower) = try await fixture.awaiting(
            .calls(("c_1", "send_letter", #"{"to":"Ada"}"#), ("c_2", "send_letter", #"{"to":"Bob"}"#)))
        _ = try await follower.until("tool.approval")
        let late = try await fixture.join(session, 2)
        let frames = try await late.until("snapshot")
        #expect(frames[0]["state"] == "awaiting")
        let live = try #require(frames.last?["live"])
        #expect(live["turn"] == frames[0]["turn"])
        #expect(live["state"] == "awaiting")
        let approvals = try #require(live["approvals"]?.arrayValue)
        #expect(approvals.map { $0["call"] } == ["c_1", "c_2"])
        #expect(approvals.map { $0["input"] } == [["to": "Ada"], ["to": "Bob"]])
        #expect(approvals.allSatisfy { $0["turn"] == live["turn"] && $0["expires_at"] != nil })
        session.allow("c_2", from: late)
        _ = try await late.until("tool.done")
        let later = try await fixture.join(session, 3)
        let rest = try await later.until("snapshot").last?["live"]
        #expect(rest?["approvals"]?.arrayValue?.map { $0["call"] } == ["c_1"])
        #expect(rest?["blocks"]?.arrayValue?.last?["result"]?["output"] == "Sent to Bob.")
    }

    // MARK: Races

    @Test func `of two tabs that decide, the first counts`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store, tools: [letter])
        let (session, follower) = try await fixture.awaiting()
        let other = try await fixture.join(session, 2)
        _ = try await other.until("snapshot")
        // Both words come before the first one is on disk.
        store.hold()
        session.allow("c_1", id: "first", from: follower)
        session.deny("c_1", id: "second", from: other)
        try await store.untilHeld()
        store.release()
        #expect(try await other.until("error").last?["code"] == "conflict")
        let call = try await fixture.provider.nextCall()
        #expect(call.result(of: "c_1")?.output == "Sent to Ada.")
        try await call.reply("Done.")
        let frames = try await follower.until("turn.done")
        #expect(frames.filter { $0["type"] == "tool.approved" }.map { $0["ref"] } == ["first"])
        #expect(letter.inputs.count == 1)
    }

    @Test func `a word for a call that does not wait is refused`() async throws {
        let fixture = try SessionFixture(tools: [letter])
        let (session, follower) = try await fixture.awaiting()
        session.allow("c_9", id: "a", from: follower)
        #expect(try await follower.next()["code"] == "not_found")
        // A person's word is no result.
        session.answer("c_1", "I did it", id: "b", from: follower)
        #expect(try await follower.next()["code"] == "conflict")
        session.allow("c_1", from: follower)
        try await fixture.provider.nextCall().reply("Done.")
        _ = try await follower.until("turn.done")
        session.deny("c_1", id: "c", from: follower)
        let late = try await follower.next()
        #expect(late["code"] == "conflict")
        #expect(late["field"] == "call")
    }

    @Test func `a late word never goes to another turn's call`() async throws {
        let fixture = try SessionFixture(tools: [letter])
        let (session, follower) = try await fixture.awaiting()
        session.deny("c_1", from: follower)
        try await fixture.provider.nextCall().reply("Pity.")
        _ = try await follower.until("turn.done")
        session.send("Again", id: "m2", from: follower)
        // Some servers count their calls from 0 in each reply.
        try await fixture.provider.nextCall().say(.letter)
        let asked = try #require(try await follower.until("tool.approval").last?["call"]?.stringValue)
        #expect(asked != "c_1")
        session.allow("c_1", from: follower)
        #expect(try await follower.next()["code"] == "conflict")
        session.allow(asked, from: follower)
        #expect(try await fixture.provider.nextCall().result(of: asked)?.isError == false)
    }

    @Test func `without a word in time it is a no`() async throws {
        var limits = SessionLimits()
        limits.approvalTime = .zero
        let fixture = try SessionFixture(tools: [letter], limits: limits)
        let (session, follower) = try await fixture.awaiting()
        session.tickNow()
        let call = try await fixture.provider.nextCall()
        #expect(call.result(of: "c_1")?.isError == true)
        session.allow("c_1", from: follower)
        #expect(try await follower.until("error").last?["code"] == "conflict")
        try await call.reply("Too late.")
        #expect(try await follower.until("turn.done").last?["status"] == "completed")
        #expect(letter.inputs == [])
    }

    @Test func `a word that is being saved is not overtaken by its expiry`() async throws {
        var limits = SessionLimits()
        limits.approvalTime = .zero
        let store = HeldStore()
        let fixture = try SessionFixture(store: store, tools: [letter], limits: limits)
        let (session, follower) = try await fixture.open()
        // It looks at the clock when the test says so.
        session.perform { $0.loop.deactivate($0) }
        session.send("Write to Ada", id: "m1", from: follower)
        try await fixture.provider.nextCall().say(.letter)
        _ = try await follower.until("tool.approval")
        store.hold()
        session.allow("c_1", from: follower)
        try await store.untilHeld()
        session.tickNow()
        session.say(.ping("ticked"), id: nil, from: follower)
        _ = try await follower.until("pong")
        store.release()
        let call = try await fixture.provider.nextCall()
        #expect(call.result(of: "c_1")?.output == "Sent to Ada.")
    }

    @Test func `cancel ends a turn that awaits`() async throws {
        let fixture = try SessionFixture(tools: [letter])
        let (session, follower) = try await fixture.awaiting()
        session.send("Next", id: "m2", from: follower)
        _ = try await follower.until("turn.queued")
        session.say(.cancel(.init(send: "m1")), id: "x", from: follower)
        let frames = try await follower.until("turn.done")
        #expect(frames.last?["status"] == "cancelled")
        #expect(!frames.types.contains("tool.done"))
        session.allow("c_1", from: follower)
        #expect(try await follower.until("error").last?["code"] == "conflict")
        try await fixture.provider.nextCall().reply("Here.")
        #expect(try await follower.until("turn.done").last?["status"] == "completed")
        #expect(letter.inputs == [])
    }

    @Test func `cancel overtakes a word that is being saved`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store, tools: [letter])
        let (session, follower) = try await fixture.awaiting()
        store.hold()
        session.allow("c_1", from: follower)
        session.say(.cancel(.init()), id: "x", from: follower)
        try await store.untilHeld(2)
        store.release()
        #expect(try await follower.until("turn.done").last?["status"] == "cancelled")
        session.send("Next", id: "m2", from: follower)
        try await fixture.provider.nextCall().reply("Here.")
        _ = try await follower.until("turn.done")
        #expect(letter.inputs == [])
    }

    // MARK: Beside other tools

    @Test func `a tool of the server runs while another waits for a person`() async throws {
        let gate = Gate()
        let fixture = try SessionFixture(tools: [letter, gate])
        let (session, follower) = try await fixture.open()
        session.send("Both", id: "m1", from: follower)
        try await fixture.provider.nextCall().say(
            .calls(("c_1", "send_letter", #"{"to":"Ada"}"#), ("c_2", "gate", "{}")))
        _ = try await follower.until("tool.approval")
        let early = try await fixture.join(session, 2)
        #expect(try await early.until("snapshot")[0]["state"] == "running")
        gate.open()
        #expect(try await follower.until("tool.done").last?["call"] == "c_2")
        let late = try await fixture.join(session, 3)
        #expect(try await late.until("snapshot")[0]["state"] == "awaiting")
        session.allow("c_1", from: follower)
        let call = try await fixture.provider.nextCall()
        #expect(
            call.replySoFar == [
                .toolCall(.letter()), .toolCall(ToolCall(id: "c_2", name: "gate", input: [:])),
                .toolResult(ToolResult(call: "c_2", output: "open", isError: false)),
                .toolResult(ToolResult(call: "c_1", output: "Sent to Ada.", isError: false)),
            ])
    }

    @Test func `each of several calls has its own word`() async throws {
        let fixture = try SessionFixture(tools: [letter])
        let (session, follower) = try await fixture.awaiting(
            .calls(("c_1", "send_letter", #"{"to":"Ada"}"#), ("c_2", "send_letter", #"{"to":"Bob"}"#)))
        session.deny("c_2", from: follower)
        session.allow("c_1", input: ["to": "Eve"], from: follower)
        let call = try await fixture.provider.nextCall()
        #expect(call.result(of: "c_2")?.isError == true)
        #expect(call.result(of: "c_1")?.output == "Sent to Eve.")
        #expect(letter.inputs == [["to": "Eve"]])
    }

    // MARK: The disk

    @Test(arguments: [ToolDecision.Decision.allow, .deny])
    func `a word that cannot be saved is refused, and the call waits on`(decision: ToolDecision.Decision) async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store, tools: [letter])
        let (session, follower) = try await fixture.awaiting()
        store.fail(.unavailable("disk full"))
        session.say(
            .toolApprove(
                ToolDecision(call: "c_1", decision: decision, input: decision == .allow ? ["to": "Bob"] : nil)),
            id: "x", from: follower)
        let error = try await follower.next()
        #expect(error["code"] == "storage")
        #expect(error["ref"] == "x")
        store.fail(nil)
        let late = try await fixture.join(session, 2)
        let live = try await late.until("snapshot").last?["live"]
        #expect(live?["approvals"]?.arrayValue?.first?["input"] == ["to": "Ada"])
        session.allow("c_1", from: follower)
        #expect(try await fixture.provider.nextCall().result(of: "c_1")?.output == "Sent to Ada.")
        #expect(letter.inputs == [["to": "Ada"]])
    }
}
