import ChatProtocol
import Conversation
import Models
import NIOCore
import Testing

@testable import Sessions

@Suite(.timeLimit(.minutes(1))) struct CrowdTests {
    /// A store with that many sessions of an earlier life.
    private func store(_ count: Int) -> MemoryStore {
        let store = MemoryStore()
        for number in 0..<count {
            let settings = SessionSettings(title: "\(number)", model: "scripted-1")
            store.write(
                SessionCommit(
                    session: "s_\(number)", id: CommitID(rawValue: 1), ownerTerm: 1, epoch: "e_1", lastSeq: 0,
                    isAtRest: true, time: 0,
                    changes: [.created(owner: SessionFixture.owner, ref: nil, settings: settings, createdAt: 0)])
            ) { _ in }
        }
        return store
    }

    @Test func `where many sessions are loaded, one that was only shown rests at once`() async throws {
        let fixture = try SessionFixture(store: store(300))
        var sessions: [(session: ChatSession, follower: RecordingFollower)] = []
        for number in 0..<300 {
            let (session, follower) = try await fixture.join("s_\(number)", number + 1)
            #expect(try await follower.until("snapshot").types == ["welcome", "snapshot"])
            sessions.append((session, follower))
        }
        // The one that was shown last may be about to.
        var presences: [ChatSession.Presence] = []
        for (session, _) in sessions { presences.append(await session.presence) }
        #expect(presences[..<256].allSatisfy { $0 == .loaded })
        #expect(presences[256..<299].allSatisfy { $0 == .resting })

        let (session, follower) = sessions[260]
        session.send("Hello", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        #expect(call.request.messages.count == 1)
        #expect(try await follower.until("turn.started").types == ["message", "turn.started"])
        #expect(await session.presence == .loaded)
    }
}
