import ChatProtocol
import HTTPTypes
import NIOCore
import Sessions

/// Follows a session for one HTTP response that is sent whole.
///
/// It lives on the session's event loop, where it gets everything in the turn of the loop in which it happens: so it knows when
/// nothing more is going to come. `@unchecked Sendable`: all of its state belongs to that loop.
final class GatheringFollower<Gathering: FrameGathering>: FollowerTransport, HTTPOutletListener, @unchecked Sendable {
    typealias Saying = @Sendable (isolated ChatSession, FollowerID, GatheringFollower) -> Void

    let eventLoop: any EventLoop
    private let session: ChatSession
    private let id = FollowerID.next()
    private var gathering: Gathering
    private var continuation: CheckedContinuation<Gathering.Outcome, any Error>?
    private var deadline: Scheduled<Void>?

    init(_ session: ChatSession, _ gathering: Gathering) {
        self.session = session
        self.gathering = gathering
        eventLoop = session.eventLoop
    }

    /// Has `say` follow the session or attach to it, and say something, and waits for what comes of it.
    ///
    /// - Parameters:
    ///   - wait: how long at most; nil: as long as it takes.
    ///   - say: runs on the session's loop.
    /// - Throws: `Problem`
    func gather(for wait: Duration? = nil, _ say: @escaping Saying) async throws -> Gathering.Outcome {
        try await withCheckedThrowingContinuation { continuation in
            eventLoop.execute {
                self.continuation = continuation
                if let wait {
                    self.deadline = self.eventLoop.scheduleTask(in: TimeAmount(wait)) { self.end { $0.hurry() } }
                }
                self.session.perform { say($0, self.id, self) }
            }
        }
    }

    /// The same for a client that may leave meanwhile.
    func gather(
        over channel: any Channel, for wait: Duration? = nil, _ say: @escaping Saying
    ) async throws -> Gathering.Outcome {
        let outlet = try await channel.eventLoop.submit { try HTTPOutlet.of(channel) }.get()
        defer { channel.eventLoop.execute { outlet.detach(self) } }
        return try await gather(for: wait) { session, id, follower in
            say(session, id, follower)
            // Behind what it says: who is gone by now has said it all the same.
            channel.eventLoop.execute { outlet.attach(follower) }
        }
    }

    // MARK: The session

    func deliver(_ batch: FrameBatch, for follower: FollowerID) -> Bool {
        guard continuation != nil else { return true }
        batch.forEachFrame { frame in
            guard continuation != nil else { return }
            let head = FrameHead(frame)
            end { (gathering) throws(Problem) in try gathering.take(frame, head) }
        }
        end { $0.pause() }
        return true
    }

    func began(_ follower: FollowerID) {}

    func fellBehind(_ follower: FollowerID) {
        end { (_) throws(Problem) in throw Problem(.internalServerError, "The answer is too long.", code: "internal") }
    }

    func released(_ follower: FollowerID) {
        end { (gathering) throws(Problem) in
            if let outcome = try gathering.answered() { return outcome }
            throw Problem(.notFound, "The session was deleted.", code: "not_found")
        }
    }

    /// What was said has been carried out.
    func answered() {
        end { (gathering) throws(Problem) in try gathering.answered() }
    }

    // MARK: The connection

    func outletClosed() {
        eventLoop.execute {
            self.end { (_) throws(Problem) in throw Problem(.serviceUnavailable, "The client is gone.") }
        }
    }

    func outletShouldQuiesce() {
        eventLoop.execute { self.end { $0.quiesce() } }
    }

    // MARK: Its end

    private func end(_ outcome: (inout Gathering) throws(Problem) -> Gathering.Outcome?) {
        guard let continuation else { return }
        let result: Result<Gathering.Outcome, any Error>
        do throws(Problem) {
            guard let outcome = try outcome(&gathering) else { return }
            result = .success(outcome)
        } catch {
            result = .failure(error)
        }
        self.continuation = nil
        deadline?.cancel()
        session.perform { [id] in $0.unfollow(id) }
        continuation.resume(with: result)
    }
}
