import ChatProtocol
import Conversation
import JSON
import Models
import Testing
import Tools

@testable import Sessions

/// A restart after which the server offers something else than what sessions were set to.
@Suite(.timeLimit(.minutes(1))) struct OfferedSettingsTests {
    private let store = MemoryStore()

    /// A life of the server, whose default is the first of `models`.
    private func life(
        _ models: String..., policy: String = FullHistory.name, tools: [any Tool] = []
    ) async throws -> SessionFixture {
        let settings = SessionSettings(title: "Titled", model: models[0], context: .init(policy: policy))
        let fixture = try SessionFixture(
            store: store, tools: tools, provider: ScriptedProvider(models: models), settings: settings)
        try await fixture.directory.recover()
        return fixture
    }

    @Test func `a model that is not offered any more gives way to the default`() async throws {
        let before = try await life("old")
        let (session, follower) = try await before.open()
        try await before.exchange("One", "1", id: "m1", in: session, follower)
        let after = try await life("new", "newer")
        let (again, back) = try await after.join(session.id, 1)
        let frames = try await back.until("snapshot")
        #expect(frames[0]["settings"]?["model"] == "new")
        #expect(frames[0]["models"] == ["new", "newer"])
        let question = try #require(frames[1]["messages"]?.arrayValue?.first?["id"]?.stringValue)
        #expect(frames[1]["messages"]?.arrayValue?.last?["model"] == "old", "what was, stays")
        again.send("Two", id: "m2", from: back)
        again.say(.regenerate(.init()), id: "r1", from: back)
        again.say(.edit(.init(message: question, text: "Uno")), id: "e1", from: back)
        for _ in 1...3 {
            let call = try await after.provider.nextCall()
            #expect(call.request.model == "new")
            try await call.reply("2")
            let turn = try await back.until("turn.done")
            #expect(turn.first { $0["type"] == "turn.started" }?["model"] == "new")
        }
        again.say(.configure(SettingsChange(system: "S")), id: nil, from: back)
        #expect(try await back.until("session.updated").last?["settings"]?["model"] == "new")
    }

    @Test func `the session goes back to its model once that is offered again`() async throws {
        let (session, _) = try await life("old").open()
        let between = try await life("new")
        let (shown, follower) = try await between.join(session.id, 1)
        shown.say(.configure(SettingsChange(system: "S")), id: nil, from: follower)
        _ = try await follower.until("session.updated")
        let after = try await life("newest", "old")
        let settings = try await after.join(session.id, 1).1.next()["settings"]
        #expect(settings?["model"] == "old")
        #expect(settings?["system"] == "S")
    }

    @Test func `a turn that awaits somebody, and one behind it, go on with the default`() async throws {
        let before = try await life("old", tools: [Letter()])
        let (session, follower) = try await before.awaiting()
        session.send("And then?", id: "m2", from: follower)
        _ = try await follower.until("turn.queued")
        let after = try await life("new", tools: [Letter()])
        let (again, back) = try await after.join(session.id, 1)
        #expect(try await back.until("snapshot").last?["live"]?["model"] == "new")
        again.allow("c_1", from: back)
        for _ in 1...2 {
            let call = try await after.provider.nextCall()
            #expect(call.request.model == "new")
            try await call.reply("Done.")
        }
        _ = try await back.until("turn.done")
        #expect(try await back.until("turn.done").last?["status"] == "completed")
    }

    @Test func `tools that are not there any more are left out`() async throws {
        let before = try await life("old", tools: [Gate(), Letter()])
        let (session, follower) = try await before.open()
        session.say(.configure(SettingsChange(tools: ["gate", "send_letter"])), id: nil, from: follower)
        _ = try await follower.until("session.updated")
        let after = try await life("old", tools: [Letter(), SlowLetter()])
        let (again, back) = try await after.join(session.id, 1)
        let welcome = try await back.until("snapshot")[0]
        #expect(welcome["settings"]?["tools"] == ["send_letter"])
        #expect(welcome["tools"]?.arrayValue?.map { $0["name"] } == ["send_letter"])
        // What a client was shown, it may say.
        again.say(.configure(SettingsChange(tools: ["send_letter"])), id: nil, from: back)
        #expect(try await back.next()["type"] == "session.updated")
        again.send("Hi", id: "m1", from: back)
        #expect(try await after.provider.nextCall().request.tools.map(\.name) == ["send_letter"])
    }

    @Test func `a tool that is not there any more is allowed in vain, and the turn goes on`() async throws {
        let (session, _) = try await life("old", tools: [Letter()]).awaiting()
        let after = try await life("old")
        let (again, back) = try await after.join(session.id, 1)
        _ = try await back.until("snapshot")
        again.allow("c_1", from: back)
        let call = try await after.provider.nextCall()
        #expect(call.result(of: "c_1")?.isError == true)
        try await call.reply("Pity.")
        #expect(try await back.until("turn.done").last?["status"] == "completed")
    }

    @Test func `a policy that is not offered any more gives way to the default`() async throws {
        let (session, _) = try await life("old", policy: "of_old").open()
        let after = try await life("old")
        let (again, back) = try await after.join(session.id, 1)
        #expect(try await back.until("snapshot")[0]["settings"]?["context"]?["policy"] == "full")
        again.send("Hi", id: "m1", from: back)
        try await after.provider.nextCall().reply("Ho")
        let turn = try await back.until("turn.done")
        #expect(turn.first { $0["type"] == "turn.started" }?["context"]?["policy"] == "full")
    }
}
