import ChatProtocol
import Conversation
import JSON
import Models
import Testing
import Tools

@testable import Sessions

/// Tools that a client runs.
@Suite(.timeLimit(.minutes(1))) struct ClientToolTests {
    private let place = [ScriptedCall.Said].calls(("c_1", "get_place", #"{"exact":true}"#))

    /// A session with a turn that awaits its follower's answer to `c_1`.
    private func awaiting(_ fixture: SessionFixture) async throws -> (ChatSession, RecordingFollower) {
        let (session, follower) = try await fixture.open(clientTools: [.place])
        session.send("Where am I?", id: "m1", from: follower)
        try await fixture.provider.nextCall().say(place)
        _ = try await follower.until("tool.started")
        return (session, follower)
    }

    @Test func `the client runs the call, and the model goes on with its result`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open(clientTools: [.place])
        session.send("Where am I?", id: "m1", from: follower)
        let first = try await fixture.provider.nextCall()
        #expect(first.request.tools == [.place])
        try await first.say(place)
        let started = try #require(try await follower.until("tool.started").last)
        #expect(started["runs"] == "client")
        #expect(started["input"] == ["exact": true])
        let late = try await fixture.join(session, 2)
        let frames = try await late.until("snapshot")
        #expect(frames[0]["state"] == "awaiting")
        #expect(frames.last?["live"]?["approvals"] == [])
        session.answer("c_1", "Bremen", from: follower)
        let call = try await fixture.provider.nextCall()
        #expect(call.result(of: "c_1") == ToolResult(call: "c_1", output: "Bremen", isError: false))
        try await call.reply("In Bremen.")
        let rest = try await follower.until("turn.done")
        #expect(rest[0]["type"] == "tool.done")
        #expect(rest[0]["ref"] == "res")
        #expect(rest[0]["output"] == "Bremen")
        #expect(rest.last?["status"] == "completed")
    }

    @Test func `a client's failure is the model's to deal with`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await awaiting(fixture)
        session.answer("c_1", "not permitted", isError: true, from: follower)
        let call = try await fixture.provider.nextCall()
        #expect(call.result(of: "c_1")?.isError == true)
        try await call.reply("Then not.")
        #expect(try await follower.until("turn.done").last?["status"] == "completed")
    }

    @Test func `turn after turn, round after round`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open(clientTools: [.place])
        for turn in 1...3 {
            session.send("Where?", id: "m\(turn)", from: follower)
            for round in 1...3 {
                // The same id each time, as some servers do.
                try await fixture.provider.nextCall().say(.calls(("call_0", "get_place", "{}")))
                let started = try await follower.until("tool.started").last
                let call = try #require(started?["call"]?.stringValue)
                session.answer(call, "\(turn).\(round)", id: nil, from: follower)
                #expect(try await follower.until("tool.done").last?["call"] == .string(call))
            }
            let last = try await fixture.provider.nextCall()
            let outputs = last.replySoFar.compactMap {
                if case .toolResult(let result) = $0 { result.output } else { nil }
            }
            #expect(outputs == (1...3).map { "\(turn).\($0)" })
            try await last.reply("There.")
            #expect(try await follower.until("turn.done").last?["status"] == "completed")
        }
    }

    @Test func `an input that breaks the client's schema does not reach the client`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open(clientTools: [.place])
        session.send("Where?", id: "m1", from: follower)
        try await fixture.provider.nextCall().say(.calls(("c_1", "get_place", #"{"exact":"very"}"#)))
        let call = try await fixture.provider.nextCall()
        #expect(call.result(of: "c_1")?.isError == true)
        try await call.reply("Sorry.")
        #expect(!(try await follower.until("turn.done").types.contains("tool.started")))
    }

    // MARK: Who may answer

    @Test func `where the connection is gone, another with the same declaration answers`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await awaiting(fixture)
        session.perform { [id = follower.id] in $0.unfollow(id) }
        // Described in other words: what counts is the name and the schema.
        var other = ToolDescription.place
        other = ToolDescription(name: other.name, description: "Ort", inputSchema: other.inputSchema)
        let (_, second) = try await fixture.join(session.id, 2, clientTools: [other])
        _ = try await second.until("snapshot")
        session.answer("c_1", "Kiel", from: second)
        #expect(try await fixture.provider.nextCall().result(of: "c_1")?.output == "Kiel")
    }

    @Test(arguments: [
        [], [ToolDescription(name: "get_place", description: "Where the user is.", inputSchema: ["type": "object"])],
        [ToolDescription(name: "other", description: "", inputSchema: ToolDescription.place.inputSchema)],
    ])
    func `a connection that has not declared the tool may not answer`(declared: [ToolDescription]) async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await awaiting(fixture)
        let (_, second) = try await fixture.join(session.id, 2, clientTools: declared)
        _ = try await second.until("snapshot")
        session.answer("c_1", "Kiel", from: second)
        let error = try await second.next()
        #expect(error["code"] == "not_found")
        #expect(error["field"] == "call")
        session.answer("c_1", "Bremen", from: follower)
        #expect(try await fixture.provider.nextCall().result(of: "c_1")?.output == "Bremen")
    }

    @Test func `a turn has the tools of the connection that wanted it, as they were then`() async throws {
        let fixture = try SessionFixture(tools: [Letter()])
        let (session, follower) = try await fixture.open(clientTools: [.place])
        let (_, plain) = try await fixture.join(session.id, 2, clientTools: [])
        _ = try await plain.until("snapshot")
        session.send("one", id: "m1", from: plain)
        session.send("two", id: "m2", from: follower)
        session.perform { [id = follower.id] in $0.unfollow(id) }
        let first = try await fixture.provider.nextCall()
        #expect(first.request.tools.map(\.name) == ["send_letter"])
        try await first.reply("1")
        let second = try await fixture.provider.nextCall()
        #expect(second.request.tools.map(\.name) == ["send_letter", "get_place"])
        try await second.reply("2")
        session.say(.regenerate(.init()), id: "m3", from: plain)
        #expect(try await fixture.provider.nextCall().request.tools.map(\.name) == ["send_letter"])
    }

    @Test func `what was said before the connection went is heard with its tools`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await awaiting(fixture)
        let other = try await fixture.join(session, 2)
        _ = try await other.until("snapshot")
        // A command of another's is being saved, and the answer waits behind it.
        store.hold()
        session.say(.configure(SettingsChange(title: "Places")), id: "t", from: other)
        session.answer("c_1", "Bremen", from: follower)
        session.perform { [id = follower.id] in $0.unfollow(id) }
        try await store.untilHeld()
        store.release()
        #expect(try await fixture.provider.nextCall().result(of: "c_1")?.output == "Bremen")
    }

    @Test func `a name that a tool of the server has is refused`() async throws {
        let fixture = try SessionFixture(tools: [Letter()])
        let taken = ToolDescription(name: "send_letter", description: "", inputSchema: ["type": "object"])
        let error = #expect(throws: CommandError.self) {
            try fixture.directory.check(.init(clientTools: [.place, taken]))
        }
        #expect(error?.code == .badField)
        #expect(error?.field == "client_tools")
        try fixture.directory.check(.init(clientTools: [.place]))
    }

    // MARK: Races

    @Test func `the first answer counts`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await awaiting(fixture)
        session.answer("c_9", "?", id: "a", from: follower)
        #expect(try await follower.next()["code"] == "not_found")
        session.allow("c_1", id: "b", from: follower)
        #expect(try await follower.next()["code"] == "conflict")
        session.answer("c_1", "Bremen", id: "c", from: follower)
        session.answer("c_1", "Kiel", id: "d", from: follower)
        let error = try #require(try await follower.until("error").last)
        #expect(error["code"] == "conflict")
        #expect(error["ref"] == "d")
        let call = try await fixture.provider.nextCall()
        #expect(call.result(of: "c_1")?.output == "Bremen")
        try await call.reply("In Bremen.")
        _ = try await follower.until("turn.done")
        session.answer("c_1", "Kiel", id: "e", from: follower)
        #expect(try await follower.next()["code"] == "conflict")
    }

    @Test func `an answer that does not come in time is an error, and then it is late`() async throws {
        var limits = SessionLimits()
        limits.clientToolTime = .zero
        let fixture = try SessionFixture(limits: limits)
        let (session, follower) = try await awaiting(fixture)
        session.tickNow()
        let call = try await fixture.provider.nextCall()
        #expect(call.result(of: "c_1")?.isError == true)
        #expect(try await follower.until("tool.done").last?["is_error"] == true)
        session.answer("c_1", "Bremen", from: follower)
        #expect(try await follower.until("error").last?["code"] == "conflict")
        try await call.reply("I could not find out.")
        #expect(try await follower.until("turn.done").last?["status"] == "completed")
    }

    @Test func `an answer after a cancel is late`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await awaiting(fixture)
        session.say(.cancel(.init()), id: "x", from: follower)
        #expect(try await follower.until("turn.done").last?["status"] == "cancelled")
        session.answer("c_1", "Bremen", from: follower)
        #expect(try await follower.until("error").last?["code"] == "conflict")
    }

    @Test func `an answer that cannot be saved ends the turn`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await awaiting(fixture)
        store.hold()
        session.answer("c_1", "Bremen", from: follower)
        try await store.untilHeld()
        store.release(failing: .unavailable("disk full"))
        let frames = try await follower.until("turn.done")
        #expect(frames.last?["status"] == "failed")
        #expect(frames.last?["error"]?["code"] == "storage")
        #expect(!frames.types.contains("tool.done"))
    }
}
