import ChatProtocol
import Conversation
import DequeModule
import JSON
import Logging
import Models
import NIOCore

/// A chat session: the actor that owns a conversation's history and decides what of it a model gets to see.
///
/// It lives on one event loop and only appends to its log. It never touches a socket: followers are marked as due, and their
/// loop's `SessionLoop` reads on with their cursors. Whatever happens comes in by a call on its loop: a client's command, a
/// model's events, a commit's completion, a tool's result.
package actor ChatSession {
    /// A command that was carried out, so that the same id again has no second effect.
    enum Done {
        case message(id: String, seq: Int)
        case regenerated(parent: String, head: String, seq: Int)
    }

    /// The running turn with what belongs to it only while it runs. A class, so that a token does not copy it.
    final class Running {
        var turn: Turn
        let plan: ContextPlan
        var call: (any ModelCall)?
        var tools: [String: Task<Void, Never>] = [:]
        let startedAt = NIODeadline.now()
        var firstOutputAt: NIODeadline?
        /// The turn's first event: the log keeps everything from there.
        let firstSeq: Int

        init(turn: Turn, plan: ContextPlan, firstSeq: Int) {
            self.turn = turn
            self.plan = plan
            self.firstSeq = firstSeq
        }
    }

    package nonisolated let id: String
    package nonisolated let owner: Owner
    nonisolated let loop: SessionLoop
    nonisolated let environment: SessionEnvironment

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.executor.asUnownedSerialExecutor() }

    /// Names the numbering of the log. A session in memory has one for its whole life.
    let epoch: String
    let ownerTerm = 1
    var settings: SessionSettings
    var tree = MessageTree()
    var log = SessionLog()
    var followers: [FollowerID: Follower] = [:]
    var done: [String: Done] = [:]
    var running: Running?
    /// Which call to a model is heard: an event of an older one is dropped.
    var generation = 0
    var queue: Deque<Turn> = []
    /// How turns that ended were told, by their id; the newest few, for a `cancel` that comes too late.
    var outcomes = RecentOutcomes()
    private var lastCommit = CommitID(rawValue: 0)
    /// What is to happen when a commit has completed, in the commits' order.
    private var commits: Deque<(id: CommitID, completion: (Bool) -> Void)> = []
    /// What waits until no commit is under way.
    private var settling: [() -> Void] = []

    init(owner: Owner, settings: SessionSettings, environment: SessionEnvironment, loop: SessionLoop) {
        id = Identifier.make(.session)
        epoch = Identifier.make(.epoch)
        self.owner = owner
        self.settings = settings
        self.environment = environment
        self.loop = loop
    }

    /// Runs `body` on the session's loop: at once where the caller is there already.
    package nonisolated func perform(_ body: @escaping @Sendable (isolated ChatSession) -> Void) {
        if loop.eventLoop.inEventLoop {
            assumeIsolated(body)
        } else {
            loop.eventLoop.execute { self.assumeIsolated(body) }
        }
    }

    // MARK: Commits

    /// Makes changes durable. The events that are appended with the given id enter the log when the store has them.
    ///
    /// - Parameter completion: told whether it worked, before anything later happens.
    func commit(_ changes: [SessionChange], completion: @escaping (Bool) -> Void = { _ in }) -> CommitID {
        lastCommit = lastCommit.next
        let commit = SessionCommit(
            session: id, id: lastCommit, ownerTerm: ownerTerm, changes: changes, lastSeq: log.lastSeq)
        commits.append((lastCommit, completion))
        let number = lastCommit
        environment.store.write(commit) { result in
            // Never on the spot: the session is still busy with what wanted the commit.
            self.loop.eventLoop.execute { self.assumeIsolated { $0.committed(number, result) } }
        }
        return number
    }

    private func committed(_ number: CommitID, _ result: Result<Void, SessionStoreError>) {
        guard let first = commits.first, first.id == number else { return }
        commits.removeFirst()
        switch result {
        case .success:
            log.committed(number)
            first.completion(true)
        case .failure(let error):
            environment.logger.error("commit failed", metadata: ["session": "\(id)", "error": "\(error)"])
            log.failed(number)
            first.completion(false)
        }
        while commits.isEmpty, !settling.isEmpty { settling.removeFirst()() }
        changed()
    }

    /// Runs `body` as soon as no commit is under way, so that everything the session knows may be seen.
    func whenSettled(_ body: @escaping () -> Void) {
        if commits.isEmpty { body() } else { settling.append(body) }
    }

    // MARK: Followers

    /// Has everything that the log now has beyond their cursors sent to all followers.
    func changed() {
        for (id, follower) in followers where follower.isReady && !follower.isDue && log.hasMore(after: follower.cursor)
        {
            follower.isDue = true
            loop.markDue(id, of: self)
        }
    }

    /// Sends a frame to one follower only.
    func answer(_ frame: ByteBuffer, to id: FollowerID) {
        guard let follower = followers[id], !follower.isOverrun else { return }
        follower.answers.append(frame)
        markDue(id)
    }

    func refuse(_ error: CommandError, ref: String?, to id: FollowerID) {
        answer(error.frame(ref: ref), to: id)
    }

    private func markDue(_ id: FollowerID) {
        guard let follower = followers[id], follower.isReady || follower.isOverrun, !follower.isDue else { return }
        follower.isDue = true
        loop.markDue(id, of: self)
    }

    /// What a pull gave beside the frames.
    struct Pulled {
        var transport: any FollowerTransport
        var hasMore: Bool
        var fellBehind: Bool
    }

    /// Moves a follower's cursor over what it has not seen, into frames. nil: it has left, or cannot take anything now.
    func pull(_ id: FollowerID, into batch: inout FrameBatch) -> Pulled? {
        guard let follower = followers[id], follower.isReady || follower.isOverrun else { return nil }
        follower.isDue = false
        if log.hasLost(follower.cursor) || follower.isOverrun {
            followers[id] = nil
            return Pulled(transport: follower.transport, hasMore: false, fellBehind: true)
        }
        if !follower.answers.isEmpty {
            batch.append(follower.answers)
            follower.answers = FrameBatch()
        }
        log.read(&follower.cursor, into: &batch, budgetBytes: Follower.batchBytes)
        return Pulled(
            transport: follower.transport, hasMore: log.hasMore(after: follower.cursor), fellBehind: false)
    }

    /// The follower's connection has more than it can send.
    func paused(_ id: FollowerID) {
        followers[id]?.isConnectionReady = false
    }

    /// The follower's connection takes more again.
    package func ready(_ id: FollowerID) {
        guard let follower = followers[id], !follower.isConnectionReady else { return }
        follower.isConnectionReady = true
        if !follower.answers.isEmpty || log.hasMore(after: follower.cursor) || log.hasLost(follower.cursor) {
            markDue(id)
        }
    }

    /// The connection is gone, or follows another session. A turn goes on without it.
    package func unfollow(_ id: FollowerID) {
        let held = followers.removeValue(forKey: id)?.finishOpening() ?? []
        // Said is said, also by one who did not stay for the answer.
        for command in held { handle(command.command, ref: command.ref, from: id) }
    }
}
