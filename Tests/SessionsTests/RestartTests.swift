import ChatProtocol
import Conversation
import JSON
import Models
import NIOConcurrencyHelpers
import NIOCore
import Testing
import Tools

@testable import Sessions

/// What is left of a session in the next life of the server. The life before is killed by holding its store for ever.
@Suite(.timeLimit(.minutes(1))) struct RestartTests {
    private let memory = MemoryStore()

    private func life(tools: [any Tool] = []) throws -> (fixture: SessionFixture, store: HeldStore) {
        let store = HeldStore(memory)
        return (try SessionFixture(store: store, tools: tools), store)
    }

    @Test func `an idle session goes on exactly where it was`() async throws {
        let (before, killed) = try life()
        let (session, follower) = try await before.open()
        let frames = try await before.exchange("One", "1", id: "m1", in: session, follower)
        killed.hold()
        let (after, _) = try life()
        try await after.directory.recover()
        #expect(after.directory.count == 0)
        let (again, back) = try await after.join(session.id, 1, epoch: session.epoch, after: frames[2].seq)
        #expect(await again.epoch == session.epoch)
        #expect(try await back.next()["resume"] == "snapshot", "the log does not reach back")
        _ = try await back.next()
        let seq = try #require(frames.last?.seq)
        let (_, exact) = try await after.join(session.id, 2, epoch: session.epoch, after: seq)
        #expect(try await exact.next()["resume"] == "exact")
        again.send("Two", id: "m2", from: back)
        let call = try await after.provider.nextCall()
        #expect(call.request.messages.map(\.content) == [[.text("One")], [.text("1")], [.text("Two")]])
        try await call.reply("2")
        #expect(try await exact.until("turn.done").map(\.seq) == Array(seq + 1...seq + 6))
    }

    @Test func `a turn that ran is interrupted, with what the last checkpoint has`() async throws {
        let (before, killed) = try life()
        let (session, follower) = try await before.open()
        session.send("Hi", id: "m1", from: follower)
        let call = try await before.provider.nextCall()
        try await call.say([.event(.blockStarted(index: 0, .text)), .delta(0, "Hel")])
        try await session.untilCheckpointed()
        _ = try await follower.until("delta")
        killed.hold()
        try await call.say([.delta(0, "lo")])
        let seen = try #require(try await follower.until("delta").last)
        let (after, _) = try life()
        try await after.directory.recover()
        let (again, back) = try await after.join(session.id, 1, epoch: session.epoch, after: seen.seq)
        #expect(await again.epoch != session.epoch)
        let frames = try await back.until("snapshot")
        #expect(frames[0]["resume"] == "snapshot")
        #expect(frames[0]["state"] == "idle")
        #expect(frames[1]["live"] == nil)
        let reply = try #require(frames[1]["messages"]?.arrayValue?.last)
        #expect(reply["status"] == "interrupted")
        #expect(reply["partial"] == true)
        #expect(reply.text == "Hel")
        #expect(reply["usage"]?["estimated"] == true)
        let stored = try #require(try await memory.session(session.id))
        #expect(stored.turns.map(\.state) == [.ended])
        #expect(stored.isAtRest)
        again.send("Again", id: "m2", from: back)
        #expect(try await after.provider.nextCall().request.messages.map(\.role) == [.user, .assistant, .user])
    }

    @Test func `turns that waited run in their order`() async throws {
        let (before, killed) = try life()
        let (session, follower) = try await before.open()
        for number in 1...3 { session.send("Question \(number)", id: "m\(number)", from: follower) }
        _ = try await follower.until("turn.queued") + follower.until("turn.queued")
        killed.hold()
        let (after, _) = try life()
        try await after.directory.recover()
        let (again, back) = try await after.join(session.id, 1)
        let snapshot = try #require(try await back.until("snapshot").last)
        let second = try await after.provider.nextCall()
        #expect(second.request.messages.last?.content == [.text("Question 2")])
        try await second.reply("2")
        let third = try await after.provider.nextCall()
        #expect(third.request.messages.last?.content == [.text("Question 3")])
        #expect(third.request.messages.contains { $0.content == [.text("2")] })
        try await third.reply("3")
        let ends = try await back.until("turn.done") + back.until("turn.done")
        #expect(ends.filter { $0["type"] == "turn.done" }.map { $0["status"] } == ["completed", "completed"])
        #expect(snapshot["live"]?["parent"] == snapshot["messages"]?.arrayValue?[2]["id"])
        #expect(try await after.snapshot(of: again).texts == ["Question 1", "", "Question 2", "2", "Question 3", "3"])
    }

    @Test func `what waited when the server drained runs in the next life, under the same numbering`() async throws {
        let (before, _) = try life()
        let (session, follower) = try await before.open()
        session.send("One", id: "m1", from: follower)
        session.send("Two", id: "m2", from: follower)
        _ = try await follower.until("turn.queued")
        await before.directory.drain(for: .zero)
        let end = try #require(try await follower.until("turn.done").last)
        #expect(end["status"] == "interrupted")
        let (after, _) = try life()
        let (again, back) = try await after.join(session.id, 1, epoch: session.epoch, after: end.seq)
        #expect(await again.epoch == session.epoch)
        #expect(try await back.next()["resume"] == "exact")
        try await after.provider.nextCall().reply("2")
        let frames = try await back.until("turn.done")
        #expect(frames.first?["type"] == "turn.started")
        #expect(frames.first?["ref"] == "m2")
        #expect(frames.map(\.seq) == Array(end.seq + 1...end.seq + 5))
    }

    @Test func `a tool that had started is an error result, and not run again`() async throws {
        let tool = CountingTool()
        let (before, killed) = try life(tools: [tool])
        let (session, follower) = try await before.open()
        session.send("Hi", id: "m1", from: follower)
        try await before.provider.nextCall().say(CountingTool.call)
        _ = try await follower.until("tool.started")
        try await eventually { tool.runs.withLockedValue { $0 } == 1 }
        killed.hold()
        let (after, _) = try life(tools: [tool])
        try await after.directory.recover()
        let (again, back) = try await after.join(session.id, 1)
        let reply = try #require(try await back.until("snapshot").last?["messages"]?.arrayValue?.last)
        let content = try #require(reply["content"]?.arrayValue)
        #expect(content.map { $0["kind"] } == ["tool_call", "tool_result"])
        #expect(content[0]["input"] == ["n": 1])
        #expect(content[1]["call"] == content[0]["call"])
        #expect(content[1]["is_error"] == true)
        again.send("And?", id: "m2", from: back)
        let call = try await after.provider.nextCall()
        #expect(call.request.messages[1].content.count == 2)
        try await call.reply("Nothing")
        _ = try await back.until("turn.done")
        #expect(tool.runs.withLockedValue { $0 } == 1)
    }

    @Test func `commands said again have no second effect`() async throws {
        let (before, killed) = try life()
        let (session, follower) = try await before.open()
        let first = try await before.exchange("One", "1", id: "m1", in: session, follower)
        let message = try #require(first[0]["message"]?["id"]?.stringValue)
        let edit = ClientCommand.edit(.init(message: message, text: "Uno"))
        session.say(edit, id: "e1", from: follower)
        try await before.provider.nextCall().reply("1")
        let edited = try await follower.until("turn.done")
        session.say(.regenerate(.init()), id: "r1", from: follower)
        try await before.provider.nextCall().reply("I")
        let again = try await follower.until("turn.done")
        killed.hold()
        let (after, _) = try life()
        let (session2, back) = try await after.join(session.id, 1)
        _ = try await back.until("snapshot")
        session2.send("One", id: "m1", from: back)
        session2.say(edit, id: "e1", from: back)
        session2.say(.regenerate(.init()), id: "r1", from: back)
        for original in [first[0], edited[0], again[0]] {
            let replay = try await back.next()
            #expect(replay["replay"] == true)
            for member in ["type", "seq", "ref"] { #expect(replay[member] == original[member]) }
            // Siblings are those of today.
            #expect(replay["message"]?["id"] == original["message"]?["id"])
        }
        session2.send("Uno", id: "m1", from: back)
        session2.say(.edit(.init(message: message, text: "Eins")), id: "e1", from: back)
        session2.send("One", id: "r1", from: back)
        for _ in 0..<3 { #expect(try await back.next()["code"] == "conflict") }
        #expect(try await memory.session(session.id)?.turns.count == 3)
    }

    @Test func `settings, siblings and the head come back as they were`() async throws {
        let (before, killed) = try life()
        let (session, follower) = try await before.open()
        let first = try await before.exchange("One", "1", id: "m1", in: session, follower)
        let message = try #require(first[0]["message"]?["id"]?.stringValue)
        let reply = try #require(first[1]["message"]?.stringValue)
        for number in 1...2 {
            session.say(.regenerate(.init(message: reply)), id: "r\(number)", from: follower)
            try await before.provider.nextCall().reply("1 again \(number)")
            _ = try await follower.until("turn.done")
        }
        for number in 1...3 {
            session.say(.edit(.init(message: message, text: "Edit \(number)")), id: "e\(number)", from: follower)
            try await before.provider.nextCall().reply("Reply \(number)")
            _ = try await follower.until("turn.done")
        }
        session.say(.select(reply), id: "s1", from: follower)
        _ = try await follower.until("head")
        session.say(.configure(SettingsChange(title: "T", system: "S", model: "scripted-2")), id: nil, from: follower)
        let settings = try #require(try await follower.until("session.updated").last?["settings"])
        let shown = try await before.snapshot(of: session)
        #expect(shown.texts == ["One", "1"])
        killed.hold()
        let (after, _) = try life()
        let (again, back) = try await after.join(session.id, 1)
        let frames = try await back.until("snapshot")
        #expect(frames[0]["settings"] == settings)
        #expect(frames[1]["messages"] == shown["messages"])
        #expect(frames[1]["messages"]?.arrayValue?.map { $0["siblings"]?.arrayValue?.count } == [4, 3])
        again.send("Two", id: "m2", from: back)
        let call = try await after.provider.nextCall()
        #expect(call.request.model == "scripted-2")
        #expect(call.request.system == "S")
        #expect(call.request.messages.map(\.content) == [[.text("One")], [.text("1")], [.text("Two")]])
    }

    @Test func `the open that made a session gives the same one`() async throws {
        let (before, killed) = try life()
        let owner = SessionFixture.owner
        let made = try await before.directory.create(owner: owner, ref: "o1", settings: nil, on: before.loops[0])
            .session
        let follower = RecordingFollower(1, on: before.loops[0])
        made.perform { $0.follow(follower.id, .init(), ref: "o1", isNew: true, over: follower) }
        _ = try await follower.until("welcome")
        killed.hold()
        let (after, _) = try life()
        let again = try await after.directory.create(owner: owner, ref: "o1", settings: nil, on: after.loops[0])
        #expect(again.session.id == made.id)
        #expect(!again.isNew)
        let other = try await after.directory.create(
            owner: Owner(key: "x"), ref: "o1", settings: nil, on: after.loops[0])
        #expect(other.isNew)
    }

    @Test func `an owner from before is refused by the store, and lives on to say so`() async throws {
        let (before, _) = try life()
        let (session, follower) = try await before.open()
        try await before.exchange("One", "1", id: "m1", in: session, follower)
        let (after, _) = try life()
        let (again, back) = try await after.join(session.id, 1)
        _ = try await back.until("snapshot")
        try await after.exchange("Two", "2", id: "m2", in: again, back)
        #expect(await again.ownerTerm > session.ownerTerm)
        session.send("Split", id: "m3", from: follower)
        #expect(try await follower.until("error").last?["code"] == "storage")
        session.say(.configure(SettingsChange(title: "Split")), id: "s1", from: follower)
        #expect(try await follower.until("error").last?["code"] == "storage")
        session.say(.ping("alive"), id: nil, from: follower)
        #expect(try await follower.next()["type"] == "pong")
        let stored = try #require(try await memory.session(session.id))
        #expect(stored.messages.map(\.content) == [[.text("One")], [.text("1")], [.text("Two")], [.text("2")]])
        #expect(stored.settings.title == "Titled")
        #expect(try await after.exchange("Three", "3", id: "m3", in: again, back).types.first == "message")
    }
}

/// Counts how often it is run, and never answers.
struct CountingTool: Tool {
    let name = "count"
    let description = "Counts."
    let inputSchema: JSONValue = ["type": "object"]
    let runs = NIOLockedValueBox(0)

    func run(_ input: JSONValue) async throws -> String {
        runs.withLockedValue { $0 += 1 }
        try await untilCancelled()
    }

    static let call: [ScriptedCall.Said] = [
        .event(.blockStarted(index: 0, .toolCall(id: "c_1", name: "count"))), .delta(0, "{\"n\":1}"),
        .event(.blockDone(index: 0)), .event(.stopped(StopReason(.toolUse, word: "tool_use"))),
    ]
}
