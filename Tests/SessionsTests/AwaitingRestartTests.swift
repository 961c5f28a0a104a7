import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing
import Tools

@testable import Sessions

/// A turn that awaits somebody outlives the process. A restart here is a second directory on the same store: the first one's
/// sessions say nothing more, as after a `kill -9`.
@Suite(.timeLimit(.minutes(1))) struct AwaitingRestartTests {
    private let store = MemoryStore()

    @Test func `an approval goes on being awaited, and the tool runs once`() async throws {
        let letter = Letter()
        let before = try SessionFixture(store: store, tools: [letter])
        let (session, _) = try await before.awaiting(.calls(("c_1", "send_letter", #"{"to":"Ada"}"#), text: "I will."))
        let fixture = try await SessionFixture.restarted(on: store, tools: [letter])
        let (again, follower) = try await fixture.join(session.id, 1)
        let frames = try await follower.until("snapshot")
        #expect(frames[0]["state"] == "awaiting")
        let live = try #require(frames.last?["live"])
        #expect(live["state"] == "awaiting")
        #expect(live["turn"] == frames[0]["turn"])
        #expect(live["blocks"]?.arrayValue?.first?["text"] == "I will.")
        #expect(live["blocks"]?.arrayValue?.last?["input"] == ["to": "Ada"])
        #expect(live["blocks"]?.arrayValue?.allSatisfy { $0["done"] == true } == true)
        #expect(live["approvals"]?.arrayValue?.map { $0["call"] } == ["c_1"])
        again.allow("c_1", from: follower)
        let call = try await fixture.provider.nextCall()
        #expect(
            call.replySoFar == [
                .text("I will."), .toolCall(.letter()),
                .toolResult(ToolResult(call: "c_1", output: "Sent to Ada.", isError: false)),
            ])
        try await call.reply("Done.")
        let rest = try await follower.until("turn.done")
        #expect(
            rest.types == [
                "tool.approved", "tool.started", "tool.done", "block.started", "delta", "block.done", "turn.done",
            ])
        #expect(rest[3]["index"] == 2)
        #expect(rest.last?["status"] == "completed")
        #expect(letter.inputs == [["to": "Ada"]])
        let turns = try await store.session(session.id)?.turns
        #expect(turns?.map(\.state) == [.ended])
        #expect(turns?[0].waiting == [])
    }

    @Test func `whoever has seen everything goes on exactly`() async throws {
        let letter = Letter()
        let before = try SessionFixture(store: store, tools: [letter])
        let session = try await before.awaiting().0
        let seen = try await before.join(session, 2)
        let welcome = try await seen.until("snapshot")[0]
        let epoch = try #require(welcome["epoch"]?.stringValue)
        let after = try #require(welcome["seq"]?.intValue)
        let fixture = try await SessionFixture.restarted(on: store, tools: [letter])
        let (again, follower) = try await fixture.join(session.id, 1, epoch: epoch, after: after)
        let back = try await follower.next()
        #expect(back["resume"] == "exact")
        #expect(back["state"] == "awaiting")
        #expect(back["epoch"] == .string(epoch))
        again.allow("c_1", from: follower)
        try await fixture.provider.nextCall().reply("Done.")
        let rest = try await follower.until("turn.done")
        #expect(rest[0]["seq"] == .int(after + 1))
        #expect(rest.compactMap { $0["index"]?.intValue }.allSatisfy { $0 == 1 })
    }

    @Test func `a block that said nothing keeps its number`() async throws {
        let before = try SessionFixture(store: store, tools: [Letter()])
        let session = try await before.awaiting(.calls(("c_1", "send_letter", #"{"to":"Ada"}"#), text: "")).0
        for number in 2...3 {
            let fixture = try await SessionFixture.restarted(on: store, tools: [Letter()])
            let (_, follower) = try await fixture.join(session.id, number)
            let live = try await follower.until("snapshot").last?["live"]
            #expect(live?["blocks"]?.arrayValue?.map { $0["kind"] } == ["text", "tool_call"])
        }
        let fixture = try await SessionFixture.restarted(on: store, tools: [Letter()])
        let (again, follower) = try await fixture.join(session.id, 1)
        _ = try await follower.until("snapshot")
        again.allow("c_1", from: follower)
        let call = try await fixture.provider.nextCall()
        #expect(
            call.replySoFar == [
                .toolCall(.letter()), .toolResult(ToolResult(call: "c_1", output: "Sent to Ada.", isError: false)),
            ])
        try await call.reply("Done.")
        #expect(try await follower.until("block.started").last?["index"] == 2)
    }

    @Test func `what had started beside it is an error, and is not run again`() async throws {
        let (letter, gate) = (Letter(), Gate())
        let before = try SessionFixture(store: store, tools: [letter, gate])
        let session = try await before.awaiting(
            .calls(("c_1", "gate", "{}"), ("c_2", "send_letter", #"{"to":"Ada"}"#))
        ).0
        let fixture = try await SessionFixture.restarted(on: store, tools: [letter, gate])
        let (again, follower) = try await fixture.join(session.id, 1)
        let frames = try await follower.until("snapshot")
        #expect(frames[0]["state"] == "awaiting")
        let blocks = try #require(frames.last?["live"]?["blocks"]?.arrayValue)
        #expect(blocks[0]["result"]?["is_error"] == true)
        #expect(blocks[1]["result"] == nil)
        again.allow("c_2", from: follower)
        let call = try await fixture.provider.nextCall()
        #expect(call.result(of: "c_1")?.isError == true)
        #expect(call.result(of: "c_2")?.output == "Sent to Ada.")
        #expect(gate.runCount <= 1)
    }

    @Test func `restarts in a row lose nothing of the same reply`() async throws {
        let letter = Letter()
        let before = try SessionFixture(store: store, tools: [letter])
        let session = try await before.awaiting(
            .calls(
                ("c_1", "send_letter", #"{"to":"Ada"}"#), ("c_2", "send_letter", #"{"to":"Bob"}"#),
                ("c_3", "send_letter", #"{"to":"Cid"}"#), text: "Three.")
        ).0
        for (number, name) in ["Ada", "Bob"].enumerated() {
            let fixture = try await SessionFixture.restarted(on: store, tools: [letter])
            let (again, follower) = try await fixture.join(session.id, 1)
            let approvals = try await follower.until("snapshot").last?["live"]?["approvals"]?.arrayValue
            #expect(approvals?.count == 3 - number)
            again.allow("c_\(number + 1)", input: ["to": .string(name), "text": "edited"], from: follower)
            _ = try await follower.until("tool.done")
            _ = try await store.lastTurn(of: session)
        }
        let fixture = try await SessionFixture.restarted(on: store, tools: [letter])
        let (again, follower) = try await fixture.join(session.id, 1)
        _ = try await follower.until("snapshot")
        again.deny("c_3", from: follower)
        let call = try await fixture.provider.nextCall()
        #expect(
            Array(call.replySoFar.prefix(6)) == [
                .text("Three."),
                .toolCall(ToolCall(id: "c_1", name: "send_letter", input: ["to": "Ada", "text": "edited"])),
                .toolCall(ToolCall(id: "c_2", name: "send_letter", input: ["to": "Bob", "text": "edited"])),
                .toolCall(.letter("c_3", to: "Cid")),
                .toolResult(ToolResult(call: "c_1", output: "Sent to Ada.", isError: false)),
                .toolResult(ToolResult(call: "c_2", output: "Sent to Bob.", isError: false)),
            ])
        #expect(call.result(of: "c_3")?.isError == true)
        #expect(letter.inputs.count == 2)
    }

    // MARK: Clients

    @Test func `a client tool is answered after a restart`() async throws {
        let before = try SessionFixture(store: store)
        let (session, follower) = try await before.open(clientTools: [.place])
        session.send("Where am I?", id: "m1", from: follower)
        try await before.provider.nextCall().say(.calls(("c_1", "get_place", "{}")))
        _ = try await follower.until("tool.started")
        let fixture = try await SessionFixture.restarted(on: store, tools: [])
        let (again, second) = try await fixture.join(session.id, 1, clientTools: [.place])
        #expect(try await second.until("snapshot")[0]["state"] == "awaiting")
        again.answer("c_1", "Bremen", from: second)
        let call = try await fixture.provider.nextCall()
        #expect(call.request.tools == [.place])
        #expect(call.result(of: "c_1")?.output == "Bremen")
    }

    @Test func `time goes on while the server does not run`() async throws {
        var limits = SessionLimits()
        limits.clientToolTime = .zero
        let before = try SessionFixture(store: store, limits: limits)
        let (session, follower) = try await before.open(clientTools: [.place])
        session.perform { $0.loop.deactivate($0) }
        session.send("Where am I?", id: "m1", from: follower)
        try await before.provider.nextCall().say(.calls(("c_1", "get_place", "{}")))
        _ = try await follower.until("tool.started")
        let fixture = try await SessionFixture.restarted(on: store, tools: [])
        #expect(try await fixture.provider.nextCall().result(of: "c_1")?.isError == true)
    }

    @Test func `what waits behind it runs after it`() async throws {
        let letter = Letter()
        let before = try SessionFixture(store: store, tools: [letter])
        let (session, follower) = try await before.awaiting()
        session.send("And then?", id: "m2", from: follower)
        _ = try await follower.until("turn.queued")
        let fixture = try await SessionFixture.restarted(on: store, tools: [letter])
        let (again, late) = try await fixture.join(session.id, 1)
        let snapshot = try #require(try await late.until("snapshot").last)
        #expect(snapshot["queued"]?.arrayValue?.count == 1)
        #expect(snapshot["live"]?["approvals"]?.arrayValue?.count == 1)
        again.deny("c_1", from: late)
        try await fixture.provider.nextCall().reply("Pity.")
        try await fixture.provider.nextCall().reply("Then this.")
        _ = try await late.until("turn.done")
        #expect(try await late.until("turn.done").last?["status"] == "completed")
    }

    // MARK: The server's end

    @Test func `a drain leaves it awaiting`() async throws {
        let letter = Letter()
        let before = try SessionFixture(store: store, tools: [letter])
        let (session, follower) = try await before.awaiting()
        await before.directory.drain(for: .seconds(3600))
        before.directory.interruptTurns()
        session.allow("c_1", from: follower)
        let error = try await follower.until("error").last
        #expect(error?["code"] == "overloaded")
        #expect(error?["retryable"] == true)
        let fixture = try await SessionFixture.restarted(on: store, tools: [letter])
        let (again, late) = try await fixture.join(session.id, 1)
        #expect(try await late.until("snapshot")[0]["state"] == "awaiting")
        again.allow("c_1", from: late)
        try await fixture.provider.nextCall().reply("Done.")
        #expect(try await late.until("turn.done").last?["status"] == "completed")
        #expect(letter.inputs.count == 1)
    }

    @Test func `what a turn awaits is not counted as time without a connection`() async throws {
        let fixture = try SessionFixture(tools: [Letter()])
        let (session, follower) = try await fixture.awaiting()
        session.perform { session in
            session.loop.deactivate(session)
            session.unfollow(follower.id)
            session.tick(.now() + .minutes(50))
        }
        session.deny("c_1", from: follower)
        let call = try await fixture.provider.nextCall()
        session.tickNow(after: .minutes(51))
        try await call.reply("Pity.")
        let late = try await fixture.join(session, 2)
        let messages = try await late.until("snapshot").last?["messages"]?.arrayValue
        #expect(messages?.last?["status"] == "completed")
    }
}
