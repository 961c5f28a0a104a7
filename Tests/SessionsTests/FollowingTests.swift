import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing

@testable import Sessions

@Suite(.timeLimit(.minutes(1))) struct FollowingTests {
    private func pieces(_ range: Range<Int>) -> [ScriptedCall.Said] {
        range.map { .delta(0, "word\($0) ") }
    }

    private func text(_ range: Range<Int>) -> String { range.map { "word\($0) " }.joined() }

    // MARK: Resuming

    @Test func `one who comes back with epoch and seq gets exactly the rest`() async throws {
        let fixture = try SessionFixture()
        let session = try await fixture.directory.create(
            owner: SessionFixture.owner, ref: nil, settings: nil, on: fixture.loops[0]
        ).session
        let follower = RecordingFollower(1, on: fixture.loops[0])
        session.perform { $0.follow(follower.id, .init(), ref: nil, isNew: true, over: follower) }
        let welcome = try await follower.next()
        #expect(welcome["resume"] == "new")
        let epoch = try #require(welcome["epoch"]?.stringValue)
        session.send("Hi", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        try await call.say([.event(.blockStarted(index: 0, .text))] + pieces(0..<3))
        let seen = try await follower.until("delta")
        let after = try #require(seen.last?["seq"]?.intValue)
        session.perform { $0.unfollow(follower.id) }
        try await call.say(pieces(3..<10))
        let back = try await fixture.join(session, 2, epoch: epoch, after: after)
        #expect(try await back.next()["resume"] == "exact")
        try await call.say(
            pieces(10..<12) + [
                .event(.blockDone(index: 0)), .event(.stopped(StopReason(.endTurn, word: "end_turn"))),
            ])
        let rest = try await back.until("turn.done")
        #expect(seen.text + rest.text == text(0..<12))
        #expect(rest.compactMap { $0["seq"]?.intValue }.allSatisfy { $0 > after })
    }

    @Test(arguments: [("e_other", 1), (nil, 1), (nil, nil)])
    func `one who cannot go on gets a snapshot`(epoch: String?, after: Int?) async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("Hi", id: "m1", from: follower)
        try await fixture.provider.nextCall().reply("Hello")
        _ = try await follower.until("turn.done")
        let back = try await fixture.join(session, 2, epoch: epoch, after: after)
        let frames = try await back.until("snapshot")
        #expect(frames[0]["resume"] == "snapshot")
        let snapshot = frames[1]
        #expect(snapshot["messages"]?.arrayValue?.count == 2)
        #expect(snapshot["live"] == nil)
        #expect(snapshot["more"] == false)
        #expect(snapshot["seq"] == frames[0]["seq"])
    }

    @Test func `a number beyond the end gets a snapshot`() async throws {
        let fixture = try SessionFixture()
        let (session, _) = try await fixture.open()
        let epoch = await session.epoch
        let back = try await fixture.join(session, 2, epoch: epoch, after: 99)
        #expect(try await back.next()["resume"] == "snapshot")
    }

    @Test func `a late joiner's live turn and the deltas after it make the reply`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("Hi", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        try await call.say([.event(.blockStarted(index: 0, .text))] + pieces(0..<5))
        _ = try await follower.until("delta")
        let late = try await fixture.join(session, 2, on: 1)
        let snapshot = try #require(try await late.until("snapshot").last)
        let live = try #require(snapshot["live"])
        #expect(live["state"] == "running")
        let soFar = try #require(live["blocks"]?.arrayValue?.first?["text"]?.stringValue)
        try await call.say(
            pieces(5..<9) + [.event(.blockDone(index: 0)), .event(.stopped(StopReason(.endTurn, word: "end_turn")))])
        let rest = try await late.until("turn.done")
        #expect(soFar + rest.text == text(0..<9))
        let seq = try #require(snapshot["seq"]?.intValue)
        #expect(rest.compactMap { $0["seq"]?.intValue } == Array(rest.compactMap { $0["seq"]?.intValue }.sorted()))
        #expect(rest.allSatisfy { ($0["seq"]?.intValue ?? 0) > seq })
    }

    @Test func `a long running reply comes to a late joiner as its deltas, and every frame fits`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("Hi", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        // Quotation marks: each takes two bytes in JSON.
        let piece = String(repeating: "\"", count: 10_000)
        try await call.say([.event(.blockStarted(index: 0, .text))])
        for _ in 0..<40 { try await call.say([.delta(0, piece)]) }
        session.send("And then?", id: "m2", from: follower)
        _ = try await follower.until("turn.queued")
        let late = try await fixture.join(session, 2)
        let snapshot = try #require(try await late.until("snapshot").last)
        #expect(snapshot["live"] == nil)
        #expect(snapshot["messages"]?.arrayValue?.count == 1)
        try await call.say([.event(.stopped(StopReason(.endTurn, word: "end_turn")))])
        let rest = try await late.until("turn.done")
        #expect(rest.text.utf8.count == 400_000)
        #expect(rest.types.contains("turn.started"))
        #expect(rest.types.count { $0 == "message" } == 1)
        let after = try await fixture.join(session, 3)
        let messages = try #require(try await after.until("snapshot").last?["messages"]?.arrayValue)
        #expect(messages.contains { $0["cut"] == true } || messages.count < 3)
    }

    @Test func `a snapshot holds as many messages as were asked for, the newest`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        for number in 1...4 {
            session.send("Question \(number)", id: "m\(number)", from: follower)
            try await fixture.provider.nextCall().reply("Answer \(number)")
            _ = try await follower.until("turn.done")
        }
        let late = try await fixture.join(session, 2, history: 3)
        let snapshot = try #require(try await late.until("snapshot").last)
        let texts = snapshot["messages"]?.arrayValue?.compactMap {
            $0["content"]?.arrayValue?.first?["text"]?.stringValue
        }
        #expect(texts == ["Answer 3", "Question 4", "Answer 4"])
        #expect(snapshot["more"] == true)
    }

    // MARK: Opening

    @Test(arguments: [true, false])
    func `what is said behind an open is answered after its welcome`(isNew: Bool) async throws {
        let fixture = try SessionFixture()
        let session: ChatSession
        if isNew {
            let directory = fixture.directory
            session = try await directory.create(
                owner: SessionFixture.owner, ref: nil, settings: nil, on: fixture.loops[0]
            ).session
        } else {
            session = try await fixture.open().0
        }
        let follower = RecordingFollower(2, on: fixture.loops[0])
        // In one go, as from one TCP segment.
        session.perform { [id = follower.id] session in
            session.follow(id, .init(), ref: "o1", isNew: isNew, over: follower)
            session.handle(.send(.init(text: "Hi")), ref: "m1", from: id)
            session.handle(.cancel(.init(send: "m1")), ref: "c1", from: id)
        }
        let frames = try await follower.until("turn.done")
        let opening = isNew ? ["welcome"] : ["welcome", "snapshot"]
        #expect(frames.types == opening + ["message", "turn.started", "turn.done"])
        #expect(frames[0]["seq"] == 0)
        #expect(frames.last?["ref"] == "c1")
    }

    @Test func `what was said behind an open counts, though its connection left at once`() async throws {
        let fixture = try SessionFixture()
        let (session, first) = try await fixture.open()
        session.send("Hold the commit", id: "m0", from: first)
        let hasty = RecordingFollower(2, on: fixture.loops[0])
        session.perform { [id = hasty.id] session in
            session.follow(id, .init(), ref: nil, isNew: false, over: hasty)
            session.handle(.send(.init(text: "Hi")), ref: "m1", from: id)
            session.unfollow(id)
        }
        let messages = try await first.until("turn.queued").filter { $0["type"] == "message" }
        #expect(messages.compactMap { $0["ref"]?.stringValue } == ["m0", "m1"])
    }

    @Test func `a long reply that has ended is still there for one who reads slowly`() async throws {
        var limits = SessionLimits()
        limits.turnTokens = 1_000_000
        let fixture = try SessionFixture(limits: limits)
        let (session, fast) = try await fixture.open()
        let slow = try await fixture.join(session, 2)
        _ = try await slow.until("snapshot")
        try await slow.fillUp()
        session.send("Hi", id: "m1", from: fast)
        let call = try await fixture.provider.nextCall()
        try await call.say([.event(.blockStarted(index: 0, .text))])
        let piece = String(repeating: "x", count: 16_000)
        for _ in 0..<200 { try await call.say([.delta(0, piece)]) }
        try await call.say([
            .event(.blockDone(index: 0)), .event(.stopped(StopReason(.endTurn, word: "end_turn"))),
        ])
        _ = try await fast.until("turn.done")
        try await slow.drain(session)
        #expect(try await slow.until("turn.done").text.utf8.count == 3_200_000)
    }

    @Test func `one who asks on and on without reading is let go`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        try await follower.fillUp()
        let echo = JSONValue.string(String(repeating: "x", count: 64))
        session.perform { [id = follower.id] session in
            session.paused(id)
            for _ in 0..<20_000 { session.handle(.ping(echo), ref: nil, from: id) }
        }
        #expect(try await follower.until("fell behind").count == 1)
    }

    // MARK: Many followers

    @Test func `every follower sees every event once, in order, on whichever loop`() async throws {
        let fixture = try SessionFixture()
        let (session, first) = try await fixture.open()
        let others = [
            try await fixture.join(session, 2), try await fixture.join(session, 3, on: 1),
            try await fixture.join(session, 4), try await fixture.join(session, 5, on: 1),
        ]
        for other in others { _ = try await other.until("snapshot") }
        session.send("Hi", id: "m1", from: first)
        let call = try await fixture.provider.nextCall()
        try await call.say([.event(.blockStarted(index: 0, .text))])
        for number in 0..<200 { try await call.say(pieces(number..<number + 1)) }
        try await call.say([
            .event(.blockDone(index: 0)), .event(.stopped(StopReason(.endTurn, word: "end_turn"))),
        ])
        for follower in [first] + others {
            let frames = try await follower.until("turn.done")
            let numbers = frames.compactMap { $0["seq"]?.intValue }
            #expect(numbers == Array(Set(numbers)).sorted())
            #expect(frames.text == text(0..<200))
        }
    }

    @Test(arguments: [0, 1])
    func `a slow follower gets fewer, larger frames and the same text`(loop: Int) async throws {
        let fixture = try SessionFixture()
        let (session, fast) = try await fixture.open()
        let slow = try await fixture.join(session, 2, on: loop)
        _ = try await slow.until("snapshot")
        try await slow.fillUp()
        session.send("Hi", id: "m1", from: fast)
        let call = try await fixture.provider.nextCall()
        try await call.say([.event(.blockStarted(index: 0, .text))])
        for number in 0..<500 { try await call.say(pieces(number..<number + 1)) }
        try await call.say([
            .event(.blockDone(index: 0)), .event(.stopped(StopReason(.endTurn, word: "end_turn"))),
        ])
        let all = try await fast.until("turn.done")
        try await slow.drain(session)
        let merged = try await slow.until("turn.done")
        #expect(merged.text == text(0..<500))
        #expect(merged.count < all.count)
        #expect(merged.types.count { $0 == "delta" } < 10)
        #expect(merged.last?["seq"] == all.last?["seq"])
    }

    @Test func `a follower who left hears nothing more`() async throws {
        let fixture = try SessionFixture()
        let (session, first) = try await fixture.open()
        let second = try await fixture.join(session, 2)
        _ = try await second.until("snapshot")
        session.perform { $0.unfollow(second.id) }
        session.send("Hi", id: "m1", from: first)
        try await fixture.provider.nextCall().reply("Hello")
        _ = try await first.until("turn.done")
        let deliveries = try await second.eventLoop.submit { second.deliveries }.get()
        #expect(deliveries == 1)
    }

    // MARK: Whose session

    @Test func `a session that is somebody else's is not found, as one that does not exist`() async throws {
        let fixture = try SessionFixture()
        let (session, _) = try await fixture.open()
        let foreign = await #expect(throws: CommandError.self) {
            try await fixture.directory.find(session.id, owner: Owner(key: "anonymous:1"), on: fixture.loops[0])
        }
        let missing = await #expect(throws: CommandError.self) {
            try await fixture.directory.find("s_nothing", owner: SessionFixture.owner, on: fixture.loops[0])
        }
        #expect(foreign?.code == .notFound)
        #expect(missing?.code == .notFound)
    }

    @Test func `the same open twice makes one session`() async throws {
        let fixture = try SessionFixture()
        let loop = fixture.loops[0]
        let owner = SessionFixture.owner
        let first = try await fixture.directory.create(owner: owner, ref: "o1", settings: nil, on: loop)
        let again = try await fixture.directory.create(owner: owner, ref: "o1", settings: nil, on: loop)
        let others = try await fixture.directory.create(owner: Owner(key: "x"), ref: "o1", settings: nil, on: loop)
        #expect(first.session === again.session)
        #expect(first.isNew && !again.isNew)
        #expect(others.session !== first.session)
    }
}
