import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing

@testable import Sessions

@Suite(.timeLimit(.minutes(1))) struct ChatSessionTests {
    @Test func `a send is acknowledged, runs and ends, in that order`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("Hi", id: "m1", from: follower)
        try await fixture.provider.nextCall().reply("Hello")
        let frames = try await follower.until("turn.done")
        #expect(frames.types == ["message", "turn.started", "block.started", "delta", "block.done", "turn.done"])
        #expect(frames.compactMap { $0["seq"]?.intValue } == Array(1...6))
        #expect(frames[0]["ref"] == "m1")
        #expect(frames[1]["ref"] == "m1")
        #expect(frames.text == "Hello")
        #expect(frames[5]["status"] == "completed")
        #expect(frames[5]["usage"]?["estimated"] == false)
    }

    @Test func `the model sees everything that was said before`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("My name is Ada.", id: "m1", from: follower)
        try await fixture.provider.nextCall().reply("Hello Ada.")
        _ = try await follower.until("turn.done")
        session.send("Who am I?", id: "m2", from: follower)
        let call = try await fixture.provider.nextCall()
        #expect(
            call.request.messages.map(\.content) == [
                [.text("My name is Ada.")], [.text("Hello Ada.")], [.text("Who am I?")],
            ])
    }

    @Test func `the same id twice has one effect and is answered again`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("Hi", id: "m1", from: follower)
        let message = try await follower.until("message").last
        session.send("Hi", id: "m1", from: follower)
        try await fixture.provider.nextCall().reply("Hello")
        let frames = try await follower.until("turn.done")
        let again = try #require(frames.first { $0["replay"] == true })
        #expect(again["seq"] == message?["seq"])
        #expect(again["message"] == message?["message"])
        #expect(frames.types.count { $0 == "turn.started" } == 1)
        session.send("Something else", id: "m1", from: follower)
        #expect(try await follower.until("error").last?["code"] == "conflict")
    }

    // MARK: cancel

    @Test func `a cancel closes the call and keeps what had arrived`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("Hi", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        try await call.say([.event(.blockStarted(index: 0, .text)), .delta(0, "Hel")])
        _ = try await follower.until("delta")
        session.say(.cancel(.init()), id: "c1", from: follower)
        let frames = try await follower.until("turn.done")
        try await call.untilCancelled()
        #expect(frames.types == ["block.done", "turn.done"])
        #expect(frames[0]["partial"] == true)
        #expect(frames[1]["status"] == "cancelled")
        #expect(frames[1]["ref"] == "c1")
        #expect(frames[1]["usage"]?["estimated"] == true)
        let later = try await fixture.join(session, 2)
        let snapshot = try await later.until("snapshot").last
        let reply = try #require(snapshot?["messages"]?.arrayValue?.last)
        #expect(reply["content"] == [["kind": "text", "text": "Hel"]])
        #expect(reply["partial"] == true)
    }

    @Test func `a cancel works before the first token and by the id of its send`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        // In one go: the commit is still under way when the cancel comes.
        session.perform { [id = follower.id] session in
            session.handle(
                .send(.init(text: "Hi")), ref: "m1", from: id)
            session.handle(.cancel(.init(send: "m1")), ref: nil, from: id)
        }
        let frames = try await follower.until("turn.done")
        #expect(frames.types == ["message", "turn.started", "turn.done"])
        #expect(frames.last?["status"] == "cancelled")
        try await fixture.provider.nextCall().untilCancelled()
    }

    @Test func `a cancel that comes too late is answered with the end that was`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("Hi", id: "m1", from: follower)
        try await fixture.provider.nextCall().reply("Hello")
        let end = try #require(try await follower.until("turn.done").last)
        let turn = try #require(end["turn"]?.stringValue)
        session.say(.cancel(.init(turn: turn)), id: "c1", from: follower)
        let again = try await follower.next()
        #expect(again["replay"] == true)
        #expect(again["seq"] == end["seq"])
        #expect(again["status"] == "completed")
        session.say(.cancel(.init(turn: "t_nobody")), id: "c2", from: follower)
        #expect(try await follower.next()["code"] == "not_found")
    }

    @Test func `a cancel of one turn never stops the one behind it`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        let first = try await fixture.provider.nextCall()
        session.send("Two", id: "m2", from: follower)
        _ = try await follower.until("turn.queued")
        let cancel = ClientCommand.cancel(.init(send: "m1"))
        session.say(cancel, id: nil, from: follower)
        session.say(cancel, id: nil, from: follower)
        try await first.untilCancelled()
        try await fixture.provider.nextCall().reply("Second")
        #expect(try await follower.until("turn.done").last?["status"] == "cancelled")
        #expect(try await follower.until("turn.done").last?["status"] == "completed")
    }

    @Test func `a turn that is cancelled while it waits ends too`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        let first = try await fixture.provider.nextCall()
        session.send("Two", id: "m2", from: follower)
        session.say(.cancel(.init(send: "m2")), id: "c1", from: follower)
        let end = try #require(try await follower.until("turn.done").last)
        #expect(end["status"] == "cancelled")
        #expect(end["ref"] == "c1")
        try await first.reply("First")
        #expect(try await follower.until("turn.done").last?["status"] == "completed")
        session.send("Three", id: "m3", from: follower)
        let third = try await fixture.provider.nextCall()
        #expect(third.request.messages.filter { $0.role == .user }.count == 3)
    }

    // MARK: While a turn runs

    @Test func `reject refuses, queue waits in order`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        let first = try await fixture.provider.nextCall()
        session.send("Two", id: "m2", from: follower, onBusy: .reject)
        #expect(try await follower.until("error").last?["code"] == "busy")
        session.send("Three", id: "m3", from: follower)
        session.send("Four", id: "m4", from: follower)
        try await first.reply("1")
        let third = try await fixture.provider.nextCall()
        #expect(third.request.messages.map(\.content) == [[.text("One")], [.text("1")], [.text("Three")]])
        try await third.reply("3")
        let fourth = try await fixture.provider.nextCall()
        #expect(fourth.request.messages.map(\.role) == [.user, .assistant, .user, .assistant, .user])
    }

    @Test func `interrupt ends the old turn before it starts the new one`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("One", id: "m1", from: follower)
        let first = try await fixture.provider.nextCall()
        session.send("Two", id: "m2", from: follower, onBusy: .interrupt)
        try await first.untilCancelled()
        try await fixture.provider.nextCall().reply("2")
        let frames = try await follower.until("turn.done") + follower.until("turn.done")
        let order = frames.filter { ["turn.started", "turn.done"].contains($0["type"]) }
        #expect(order.types == ["turn.started", "turn.done", "turn.started", "turn.done"])
        #expect(order[1]["status"] == "cancelled")
        #expect(order[2]["ref"] == "m2")
    }

    @Test func `the queue has a bound`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        for number in 0...ProtocolLimits.queuedTurns { session.send("Hi", id: "m\(number)", from: follower) }
        session.send("Hi", id: "late", from: follower)
        let error = try await follower.until("error").last
        #expect(error?["code"] == "busy")
        #expect(error?["ref"] == "late")
        #expect(error?["retryable"] == true)
    }

    // MARK: regenerate

    @Test func `regenerate makes a sibling of the reply and the head of it`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("Hi", id: "m1", from: follower)
        try await fixture.provider.nextCall().reply("One")
        let first = try await follower.until("turn.done")
        let firstReply = try #require(first.first { $0["type"] == "turn.started" }?["message"]?.stringValue)
        session.say(.regenerate(.init()), id: "r1", from: follower)
        let call = try await fixture.provider.nextCall()
        #expect(call.request.messages.map(\.content) == [[.text("Hi")]])
        try await call.reply("Two")
        let frames = try await follower.until("turn.done")
        #expect(frames.types.first == "head")
        let second = try #require(frames[0]["message"]?.stringValue)
        #expect(frames[0]["siblings"]?[firstReply] == [.string(firstReply), .string(second)])
        let later = try await fixture.join(session, 2)
        let messages = try await later.until("snapshot").last?["messages"]?.arrayValue
        #expect(messages?.last?["content"] == [["kind": "text", "text": "Two"]])
        #expect(messages?.last?["siblings"] == [.string(firstReply), .string(second)])
        #expect(messages?.count == 2)
        session.say(.regenerate(.init()), id: "r1", from: follower)
        #expect(try await follower.next()["replay"] == true)
    }

    @Test func `there must be something to regenerate`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.say(.regenerate(.init()), id: "r1", from: follower)
        #expect(try await follower.next()["code"] == "not_found")
    }

    // MARK: Failures

    @Test func `a reply that fails in the middle stays, marked, and can be asked for again`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("Hi", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        try await call.say([
            .event(.blockStarted(index: 0, .text)), .delta(0, "Hal"),
            .event(
                .failed(
                    ModelError(
                        .overloaded, message: "Overloaded", retryable: true, retryAfter: .seconds(2), status: 529,
                        requestID: "req_1"))),
        ])
        let end = try #require(try await follower.until("turn.done").last)
        #expect(end["status"] == "failed")
        #expect(
            end["error"] == [
                "code": "upstream_overloaded", "message": "Overloaded", "retryable": true, "retry_after_ms": 2000,
                "upstream_status": 529, "upstream_request_id": "req_1",
            ])
        session.say(.regenerate(.init()), id: "r1", from: follower)
        try await fixture.provider.nextCall().reply("Hello")
        #expect(try await follower.until("turn.done").last?["status"] == "completed")
    }

    @Test func `what a session cannot be is refused with the field`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("Hi", id: "m1", from: follower, options: SettingsChange(model: "nobody"))
        let error = try await follower.next()
        #expect(error["code"] == "bad_field")
        #expect(error["field"] == "options.model")
        session.send("Hi", id: "m1", from: follower, options: SettingsChange(model: "scripted-2"))
        #expect(try await fixture.provider.nextCall().request.model == "scripted-2")
    }
}
