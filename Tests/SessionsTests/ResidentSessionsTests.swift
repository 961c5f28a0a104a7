import ChatProtocol
import Conversation
import JSON
import NIOCore
import Testing

@testable import Sessions

@Suite(.timeLimit(.minutes(1))) struct ResidentSessionsTests {
    private let residents = ResidentSessions()
    private let fixture: SessionFixture

    init() throws { fixture = try SessionFixture() }

    private func makeSession(_ owner: Owner = SessionFixture.owner) async throws -> ChatSession {
        try await fixture.directory.create(owner: owner, ref: nil, settings: nil, on: fixture.loops[0]).session
    }

    @Test func `one that is leased stays`() async throws {
        let session = try await makeSession()
        #expect(residents.insert(session) === session)
        #expect(!residents.remove(session))
        #expect(residents.lease(session.id) === session)
        residents.release(session.id)
        #expect(!residents.remove(session))
        residents.release(session.id)
        #expect(residents.remove(session))
        #expect(!residents.remove(session))
        #expect(residents.lease(session.id) == nil)
        #expect(residents.count == 0)
    }

    @Test func `force removes also what is leased`() async throws {
        let session = try await makeSession()
        _ = residents.insert(session)
        #expect(residents.remove(session, force: true))
        residents.release(session.id)
        #expect(residents.count == 0)
        #expect(residents.count(of: session.owner) == 0)
    }

    @Test func `the same command's second session gives way to the first`() async throws {
        let key = ResidentSessions.CreationKey(owner: SessionFixture.owner, ref: "o1")
        let (first, second) = (try await makeSession(), try await makeSession())
        #expect(residents.insert(first, creation: key) === first)
        #expect(residents.insert(second, creation: key) === first)
        #expect(residents.lease(createdBy: key) === first)
        #expect(residents.count == 1)
        for _ in 0..<3 { residents.release(first.id) }
        #expect(residents.remove(first))
        #expect(residents.lease(createdBy: key) == nil)
        #expect(residents.insert(second, creation: key) === second)
    }

    @Test func `sessions are counted by owner`() async throws {
        let (mine, other) = (try await makeSession(), try await makeSession(Owner(key: "x")))
        _ = residents.insert(mine)
        _ = residents.insert(mine)
        _ = residents.insert(other)
        #expect(residents.count == 2)
        #expect(residents.count(of: mine.owner) == 1)
        _ = residents.remove(mine, force: true)
        #expect(residents.count(of: mine.owner) == 0)
        #expect(residents.count(of: other.owner) == 1)
    }

    @Test func `two opens with the same id make one session, whoever comes to follow first`() async throws {
        let (owner, loop) = (SessionFixture.owner, fixture.loops[0])
        let first = try await fixture.directory.create(owner: owner, ref: "o1", settings: nil, on: loop)
        let second = try await fixture.directory.create(owner: owner, ref: "o1", settings: nil, on: loop)
        #expect(first.session === second.session)
        let (maker, other) = (RecordingFollower(1, on: loop), RecordingFollower(2, on: loop))
        // It waits until there is a session on disk: what it says builds on that.
        second.session.perform { [id = other.id] session in
            session.follow(id, .init(), ref: "o1", isNew: false, over: other)
            session.handle(.send(.init(text: "Hi")), ref: "m1", from: id)
        }
        first.session.perform { $0.follow(maker.id, .init(), ref: "o1", isNew: true, over: maker) }
        #expect(try await other.until("turn.started").types == ["welcome", "snapshot", "message", "turn.started"])
        let shown = try #require(try await maker.until("snapshot").last)
        #expect(shown.texts == ["Hi"])
    }

    @Test func `many who come and go never meet two of one session`() async throws {
        let store = HeldStore()
        var limits = SessionLimits()
        limits.idleAfter = .zero
        let fixture = try SessionFixture(store: store, limits: limits)
        let (made, follower) = try await fixture.open()
        try await fixture.exchange("One", "1", id: "m1", in: made, follower)
        made.unfollow(follower)
        let id = made.id
        let present = Present()
        try await withThrowingTaskGroup { group in
            for number in 0..<8 {
                group.addTask {
                    for round in 0..<40 {
                        let loop = fixture.loops[(number + round) % 2]
                        let session = try await fixture.directory.find(id, owner: SessionFixture.owner, on: loop)
                        await present.enter(session)
                        if round % 3 == 0 {
                            await present.leave(session)
                            fixture.directory.release(session)
                        } else {
                            let follower = RecordingFollower(1000 * (number + 1) + round, on: loop)
                            session.perform {
                                $0.follow(follower.id, .init(), ref: nil, isNew: false, over: follower)
                            }
                            let snapshot = try #require(try await follower.until("snapshot").last)
                            #expect(snapshot.texts == ["One", "1"])
                            await present.leave(session)
                            session.unfollow(follower)
                        }
                        await session.tick(.now() + .hours(1))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(await present.wereAlone)
        // The last lease may have ended behind the last look: the loop's own comes within a second.
        try await eventually { fixture.directory.count == 0 }
    }
}

/// Which sessions are held by anyone: never two at a time.
private actor Present {
    private var holders: [ObjectIdentifier: Int] = [:]
    private(set) var wereAlone = true

    func enter(_ session: ChatSession) {
        holders[ObjectIdentifier(session), default: 0] += 1
        if holders.values.count(where: { $0 > 0 }) > 1 { wereAlone = false }
    }

    func leave(_ session: ChatSession) { holders[ObjectIdentifier(session), default: 0] -= 1 }
}
