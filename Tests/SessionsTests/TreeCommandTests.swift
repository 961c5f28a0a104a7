import ChatProtocol
import Conversation
import JSON
import Models
import Testing

@testable import Sessions

@Suite(.timeLimit(.minutes(1))) struct TreeCommandTests {
    /// A session of two exchanges: the ids of its messages, in order.
    private func talked(
        _ fixture: SessionFixture
    ) async throws -> (session: ChatSession, follower: RecordingFollower, ids: [String]) {
        let (session, follower) = try await fixture.open()
        var ids: [String] = []
        for number in 1...2 {
            let frames = try await fixture.exchange(
                "Question \(number)", "Answer \(number)", id: "m\(number)", in: session, follower)
            ids.append(try #require(frames[0]["message"]?["id"]?.stringValue))
            ids.append(try #require(frames[1]["message"]?.stringValue))
        }
        return (session, follower, ids)
    }

    // MARK: edit

    @Test func `an edit makes a sibling and a branch of its own`() async throws {
        let fixture = try SessionFixture()
        let (session, follower, ids) = try await talked(fixture)
        session.say(.edit(.init(message: ids[2], text: "Edited")), id: "e1", from: follower)
        let call = try await fixture.provider.nextCall()
        #expect(
            call.request.messages.map(\.content) == [[.text("Question 1")], [.text("Answer 1")], [.text("Edited")]])
        try await call.reply("Answer 2b")
        let frames = try await follower.until("turn.done")
        #expect(frames.types.prefix(3) == ["message", "head", "turn.started"])
        #expect(frames.prefix(3).allSatisfy { $0["ref"] == "e1" })
        let edited = try #require(frames[0]["message"]?["id"]?.stringValue)
        let siblings: JSONValue = [.string(ids[2]), .string(edited)]
        #expect(frames[0]["message"]?["parent"] == .string(ids[1]))
        #expect(frames[0]["message"]?["siblings"] == siblings)
        #expect(frames[1]["message"] == frames[2]["message"])
        #expect(frames[1]["siblings"] == [ids[2]: siblings, edited: siblings])
        #expect(
            try await fixture.snapshot(of: session).texts == ["Question 1", "Answer 1", "Edited", "Answer 2b"])
        session.say(.edit(.init(message: ids[2], text: "Edited")), id: "e1", from: follower)
        let again = try await follower.next()
        #expect(again["replay"] == true)
        #expect(again["message"] == frames[0]["message"])
        session.say(.edit(.init(message: ids[2], text: "Otherwise")), id: "e1", from: follower)
        #expect(try await follower.next()["code"] == "conflict")
        session.say(.edit(.init(message: ids[0], text: "Edited")), id: "e1", from: follower)
        #expect(try await follower.next()["code"] == "conflict")
    }

    @Test func `an edit in mid-turn ends that turn, or waits, or is refused, as it wants`() async throws {
        let fixture = try SessionFixture()
        let (session, follower, ids) = try await talked(fixture)
        session.send("Question 3", id: "m3", from: follower)
        let third = try await fixture.provider.nextCall()
        _ = try await follower.until("turn.started")
        session.say(.edit(.init(message: ids[0], text: "No", onBusy: .reject)), id: "e1", from: follower)
        #expect(try await follower.next()["code"] == "busy")
        session.say(.edit(.init(message: ids[0], text: "First again")), id: "e2", from: follower)
        try await third.untilCancelled()
        let call = try await fixture.provider.nextCall()
        #expect(call.request.messages.map(\.content) == [[.text("First again")]])
        try await call.reply("Yes")
        let frames = try await follower.until("turn.done") + follower.until("turn.done")
        #expect(frames.types.prefix(5) == ["message", "head", "turn.queued", "turn.done", "turn.started"])
        #expect(frames[3]["status"] == "cancelled")
        #expect(try await fixture.snapshot(of: session).texts == ["First again", "Yes"])
    }

    @Test func `only a message of a person's can be edited`() async throws {
        let fixture = try SessionFixture()
        let (session, follower, ids) = try await talked(fixture)
        for message in [ids[1], "u_nobody"] {
            session.say(.edit(.init(message: message, text: "X")), id: "e1", from: follower)
            let error = try await follower.next()
            #expect(error["code"] == "not_found")
            #expect(error["field"] == "message")
        }
        session.say(.edit(.init(message: ids[0], text: "X")), id: "e1", from: follower)
        #expect(try await follower.next()["type"] == "message", "a refused command leaves its id free")
    }

    // MARK: select

    @Test func `select shows the newest leaf below a message, to everyone`() async throws {
        let fixture = try SessionFixture()
        let (session, follower, ids) = try await talked(fixture)
        session.say(.edit(.init(message: ids[0], text: "Otherwise")), id: "e1", from: follower)
        try await fixture.provider.nextCall().reply("Other answer")
        _ = try await follower.until("turn.done")
        let other = try await fixture.join(session, 2)
        _ = try await other.until("snapshot")
        session.say(.select(ids[0]), id: "s1", from: follower)
        for follower in [follower, other] {
            let head = try await follower.next()
            #expect(head["type"] == "head")
            #expect(head["message"] == .string(ids[3]))
            #expect(head["siblings"] == [:])
            #expect(head["ref"] == "s1")
        }
        #expect(
            try await fixture.snapshot(of: session).texts == ["Question 1", "Answer 1", "Question 2", "Answer 2"])
        session.send("Question 3", id: "m3", from: follower)
        #expect(try await follower.until("message").last?["message"]?["parent"] == .string(ids[3]))
    }

    @Test func `select wants a message, and nothing that runs or waits`() async throws {
        let fixture = try SessionFixture()
        let (session, follower, ids) = try await talked(fixture)
        session.say(.select("u_nobody"), id: "s1", from: follower)
        let error = try await follower.next()
        #expect(error["code"] == "not_found")
        #expect(error["field"] == "message")
        session.send("Question 3", id: "m3", from: follower)
        _ = try await follower.until("turn.started")
        session.say(.select(ids[1]), id: "s2", from: follower)
        let busy = try await follower.next()
        #expect(busy["code"] == "busy")
        #expect(busy["ref"] == "s2")
    }

    // MARK: configure

    @Test func `configure counts from the next turn on, and everyone is told`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        session.send("Two", id: "m2", from: follower)
        _ = try await follower.until("turn.queued")
        let change = SettingsChange(title: "T", system: "Be brief.", model: "scripted-2", temperature: 0.5)
        session.say(.configure(change), id: "c1", from: follower)
        let updated = try #require(try await follower.until("session.updated").last)
        #expect(updated["ref"] == "c1")
        #expect(updated["settings"]?["model"] == "scripted-2")
        #expect(updated["settings"]?["tools"] == [])
        session.send("Three", id: "m3", from: follower)
        var models: [String] = []
        for _ in 1...3 {
            let call = try await fixture.provider.nextCall()
            models.append(call.request.model + (call.request.system ?? ""))
            try await call.reply("Yes")
        }
        #expect(models == ["scripted-1", "scripted-1", "scripted-2Be brief."])
        session.say(.configure(SettingsChange()), id: "c2", from: follower)
        let same = try #require(try await follower.until("session.updated").last)
        #expect(same["settings"] == updated["settings"])
    }

    @Test(arguments: [
        (SettingsChange(model: "nobody"), "model"), (SettingsChange(tools: ["nothing"]), "tools"),
        (SettingsChange(policy: "magic"), "context.policy"), (SettingsChange(temperature: 7), "temperature"),
        (SettingsChange(maxTokens: 0), "max_tokens"),
    ])
    func `settings that cannot be are refused as a whole, with the field`(
        change: SettingsChange, field: String
    ) async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        var change = change
        change.title = "New"
        session.say(.configure(change), id: "c1", from: follower)
        let error = try await follower.next()
        #expect(error["code"] == "bad_field")
        #expect(error["field"] == .string(field))
        #expect(await session.settings.title == "Titled")
    }

    // MARK: history, stats

    @Test func `history goes back page by page, on the message's own branch`() async throws {
        let fixture = try SessionFixture()
        let (session, follower, ids) = try await talked(fixture)
        session.say(.edit(.init(message: ids[0], text: "Otherwise")), id: "e1", from: follower)
        try await fixture.provider.nextCall().reply("Other answer")
        _ = try await follower.until("turn.done")
        session.say(.history(.init(before: ids[3], limit: 2)), id: "h1", from: follower)
        let page = try await follower.next()
        #expect(page["type"] == "history")
        #expect(page["ref"] == "h1")
        #expect(page.texts == ["Answer 1", "Question 2"])
        #expect(page["more"] == true)
        session.say(.history(.init(before: ids[1], limit: 2)), id: "h2", from: follower)
        let first = try await follower.next()
        #expect(first.texts == ["Question 1"])
        #expect(first["more"] == false)
        session.say(.history(.init(before: ids[0])), id: "h3", from: follower)
        #expect(try await follower.next()["messages"] == [])
        session.say(.history(.init(before: "u_nobody")), id: "h4", from: follower)
        let error = try await follower.next()
        #expect(error["code"] == "not_found")
        #expect(error["field"] == "before")
    }

    @Test func `a history of long messages fits a frame, and the cut one comes whole on its own`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        let long = String(repeating: "\"", count: 90_000)
        var ids: [String] = []
        for number in 1...3 {
            let frames = try await fixture.exchange(long, "Yes", id: "m\(number)", in: session, follower)
            ids.append(try #require(frames[0]["message"]?["id"]?.stringValue))
        }
        session.say(.history(.init(before: ids[2])), id: "h1", from: follower)
        let page = try await follower.next()
        #expect(page.jsonText.utf8.count <= ProtocolLimits.serverFrameBytes)
        #expect(page["messages"]?.arrayValue?.first?["cut"] == true)
        session.say(.history(.init(before: ids[2], limit: 2)), id: "h2", from: follower)
        let whole = try await follower.next()
        #expect(whole.texts == [long, "Yes"])
    }

    @Test func `stats count all branches`() async throws {
        let fixture = try SessionFixture()
        let (session, follower, _) = try await talked(fixture)
        session.say(.regenerate(.init()), id: "r1", from: follower)
        try await fixture.provider.nextCall().reply("Answer 2b")
        _ = try await follower.until("turn.done")
        session.say(.stats, id: "q1", from: follower)
        let stats = try await follower.next()
        #expect(stats["type"] == "stats")
        #expect(stats["turn_count"] == 3)
        #expect(stats["message_count"] == 5)
        #expect(stats["input_tokens"] == 9)
        #expect(stats["output_tokens"] == 6)
        #expect(stats["ref"] == "q1")
    }
}
