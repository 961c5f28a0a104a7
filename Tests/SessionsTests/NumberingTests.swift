import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing

@testable import Sessions

/// Kills at any moment: a number of one epoch never comes to mean two things, and one who resumes misses nothing.
@Suite(.timeLimit(.minutes(2))) struct NumberingTests {
    /// All that anyone was sent of a session.
    private struct Seen {
        var events: [String: JSONValue] = [:]
        /// The user messages that the client shows, and where it stands.
        var shown: [String] = []
        var ended: Set<String> = []
        var epoch: String?
        var cursor: Int?

        mutating func take(_ frame: JSONValue, seed: UInt64) {
            switch frame["type"]?.stringValue {
            case "welcome":
                epoch = frame["epoch"]?.stringValue
                if frame["resume"] == "new" { cursor = frame.seq }
            case "snapshot":
                shown = (frame["messages"]?.arrayValue ?? []).filter { $0["role"] == "user" }
                    .compactMap { $0["id"]?.stringValue }
                cursor = frame.seq
            case "message":
                if frame["replay"] == true { return }
                shown.append(frame["message"]?["id"]?.stringValue ?? "")
                fallthrough
            default:
                guard let epoch, frame["seq"] != nil, frame["replay"] != true else { return }
                #expect(frame.seq > cursor ?? -1, "seed \(seed): \(frame)")
                cursor = frame.seq
                if frame["type"] == "turn.done", let turn = frame["turn"]?.stringValue {
                    #expect(ended.insert(turn).inserted, "seed \(seed): \(turn) ended twice")
                }
                // Deltas are merged as they wait: what they say together is not compared.
                let name = "\(epoch) \(frame.seq)"
                let isDelta = frame["type"] == "delta"
                let known = events.updateValue(isDelta ? "delta" : frame, forKey: name)
                #expect(known == nil || known == (isDelta ? "delta" : frame), "seed \(seed): \(name) twice")
            }
        }
    }

    @Test(arguments: 1...24 as ClosedRange<UInt64>)
    func `no number of an epoch has two meanings`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let memory = MemoryStore()
        var seen = Seen()
        var id: String?
        var number = 0
        for _ in 0..<5 {
            let store = HeldStore(memory)
            let fixture = try SessionFixture(store: store)
            try await fixture.directory.recover()
            var (session, follower) = try await join(id, fixture, &seen, seed)
            id = session.id
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                number += 1
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<4:
                    try await talk("m\(number)", session, follower, fixture, &seen, &random, seed)
                case 4:
                    session.say(.configure(SettingsChange(title: "\(number)")), id: "s\(number)", from: follower)
                case 5:
                    store.fail(.full)
                case 6:
                    store.fail(nil)
                case 7:
                    await session.tick(.now())
                case 8:
                    // Another device takes over, and is told where the log ends.
                    session.unfollow(follower)
                    follower = try await fixture.join(session, 1000 + number, history: 500)
                    for frame in try await follower.until("snapshot") { seen.take(frame, seed: seed) }
                default:
                    for frame in try await follower.seen(of: session) { seen.take(frame, seed: seed) }
                    guard await !session.isRunning else { break }
                    session.unfollow(follower)
                    store.fail(nil)
                    try await session.untilResting()
                    (session, follower) = try await join(id, fixture, &seen, seed)
                }
            }
            for frame in try await follower.seen(of: session) { seen.take(frame, seed: seed) }
            // Killed: what is under way never completes.
            store.hold()
        }
        let fixture = try SessionFixture(store: memory)
        try await fixture.directory.recover()
        let (session, _) = try await join(id, fixture, &seen, seed)
        let truth = (try await fixture.snapshot(of: session)["messages"]?.arrayValue ?? [])
            .filter { $0["role"] == "user" }.compactMap { $0["id"]?.stringValue }
        #expect(seen.shown == truth, "seed \(seed)")
    }

    @Test func `one who was told the log's end after a failure resumes without a gap`() async throws {
        let memory = MemoryStore()
        let store = HeldStore(memory)
        let before = try SessionFixture(store: store)
        let (session, follower) = try await before.open()
        try await before.exchange("One", "1", id: "m1", in: session, follower)
        store.fail(.full)
        session.send("Two", id: "m2", from: follower)
        #expect(try await follower.until("error").last?["code"] == "storage")
        let told = try await before.snapshot(of: session).seq
        store.hold()
        let after = try SessionFixture(store: memory)
        let (again, other) = try await after.join(session.id, 1)
        _ = try await other.until("snapshot")
        let frames = try await after.exchange("Two", "2", id: "m2", in: again, other)
        let back = try await after.join(again, 2, epoch: session.epoch, after: told)
        #expect(try await back.next()["resume"] == "exact")
        #expect(try await back.until("turn.done").map(\.seq) == frames.map(\.seq))
    }

    /// Comes back as a client does, and sees what there is.
    private func join(
        _ id: String?, _ fixture: SessionFixture, _ seen: inout Seen, _ seed: UInt64
    ) async throws -> (ChatSession, RecordingFollower) {
        let session: ChatSession
        let follower: RecordingFollower
        if let id {
            (session, follower) = try await fixture.join(id, 1, epoch: seen.epoch, after: seen.cursor, history: 500)
        } else {
            session = try await fixture.directory.create(
                owner: SessionFixture.owner, ref: nil, settings: nil, on: fixture.loops[0]
            ).session
            follower = RecordingFollower(1, on: fixture.loops[0])
            session.perform { $0.follow(follower.id, .init(), ref: nil, isNew: true, over: follower) }
        }
        for frame in try await follower.until("welcome") { seen.take(frame, seed: seed) }
        return (session, follower)
    }

    /// Sends a message, and lets the reply come some way.
    private func talk(
        _ ref: String, _ session: ChatSession, _ follower: RecordingFollower, _ fixture: SessionFixture,
        _ seen: inout Seen, _ random: inout SeededGenerator, _ seed: UInt64
    ) async throws {
        if await session.isRunning {
            session.say(.cancel(.init()), id: nil, from: follower)
            try await eventually { await !session.isRunning }
        }
        session.send("Message \(ref)", id: ref, from: follower)
        let call = try await fixture.provider.nextCall()
        let way = Int.random(in: 0..<4, using: &random)
        if way > 0 {
            try await call.say([.event(.blockStarted(index: 0, .text)), .delta(0, "Hel"), .delta(0, "lo")])
        }
        if way > 1 {
            try await call.say([
                .event(.blockDone(index: 0)), .event(.stopped(StopReason(.endTurn, word: "end_turn"))),
            ])
        }
        if way > 2 { for frame in try await follower.seen(of: session) { seen.take(frame, seed: seed) } }
    }
}
