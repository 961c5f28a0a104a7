package import ChatProtocol
import Conversation
import DequeModule
import Foundation
import Logging
import Models
import NIOCore
import Tools

// Following a session: `open`, its welcome, and what a connection gets that cannot go on where it was.
extension ChatSession {
    /// Makes a connection a follower: it gets a `welcome`, a `snapshot` where it needs one, and everything after that. The
    /// lease of whoever found the session ends.
    ///
    /// - Parameters:
    ///   - open: where the client was.
    ///   - isNew: whether this `open` made the session.
    ///   - isReady: whether the connection takes anything now; if not, it calls `ready(_:)` once it does.
    package func follow(
        _ id: FollowerID, _ open: ClientCommand.Open, ref: String?, isNew: Bool, isReady: Bool = true,
        over transport: any FollowerTransport
    ) {
        residents.release(self.id)
        activeAt = .now()
        unattendedAt = nil
        if isNew { create(ref: ref) }
        let follower = Follower(
            transport: transport, cursor: log.endCursor, clientTools: open.clientTools, isReady: isReady)
        followers[id] = follower
        // One who has seen everything needs no history: a thousand who come back at once cost no reading.
        if presence == .resting, let cursor = exactCursor(open) {
            return begin(id, follower, cursor, open, ref: ref, isNew: false)
        }
        // What the session knows may be ahead of what its log may show: a snapshot waits until the two agree. Nothing is sent
        // before, and what the client says behind its `open` waits too: it must see what comes of it.
        whenSettled { [self] error in
            guard followers[id] === follower else { return }
            guard error == nil, presence == .loaded else { return turnAway(id, follower, error, ref: ref) }
            // Somebody else with the same `open` may have said something in it already.
            let isNew = isNew && log.lastSeq == 0
            begin(id, follower, isNew ? nil : exactCursor(open), open, ref: ref, isNew: isNew)
        }
    }

    private func create(ref: String?) {
        presence = .loaded
        loop.activate(self)
        commit(
            [.created(owner: owner, ref: ref, settings: settings, createdAt: createdAt)], isAtRest: true
        ) { [self] succeeded in
            if !succeeded { vanish() }
        }
    }

    private func exactCursor(_ open: ClientCommand.Open) -> LogCursor? {
        guard open.epoch == epoch, let after = open.after else { return nil }
        return log.cursor(after: after)
    }

    private func begin(
        _ id: FollowerID, _ follower: Follower, _ cursor: LogCursor?, _ open: ClientCommand.Open, ref: String?,
        isNew: Bool
    ) {
        follower.cursor = cursor ?? log.endCursor
        let held = follower.finishOpening()
        follower.isBeginning = true
        answer(Answer.welcome(welcome(isNew ? .new : cursor == nil ? .snapshot : .exact)).frame(ref: ref), to: id)
        if !isNew, cursor == nil { answerSnapshot(atMost: open.history, ref: ref, to: id) }
        tellPosition(to: id)
        for command in held { handle(command.command, ref: command.ref, from: id) }
        changed()
        if !isNew { restIfCrowded() }
    }

    /// The session could not be made or read, or is gone.
    private func turnAway(_ id: FollowerID, _ follower: Follower, _ error: SessionStoreError?, ref: String?) {
        let held = follower.finishOpening()
        let problem: CommandError
        if presence == .gone, log.lastSeq > 0 {
            problem = CommandError(.notFound, "There is no session \"\(self.id)\".", field: "session")
        } else {
            problem = CommandError(.storage, "The session could not be saved or read.", retryable: true)
        }
        // It is sent this, and no event of a session that it never came to follow.
        follower.cursor = log.endCursor
        follower.isLeaving = true
        refuse(problem, ref: ref, to: id)
        for command in held { refuse(problem, ref: command.ref, to: id) }
    }

    private func welcome(_ resume: Welcome.Resume) -> Welcome {
        let settings = shownSettings
        return Welcome(
            session: self.id, epoch: epoch, seq: log.visibleSeq, resume: resume,
            state: running.map { $0.turn.isAwaiting ? .awaiting : .running } ?? .idle,
            turn: running?.turn.accepted.id,
            settings: settings,
            models: environment.models, tools: environment.tools.subset(settings.tools).descriptions,
            pingInterval: environment.pingInterval, serverTime: Self.now)
    }

    /// The settings that count for the next turn.
    var offeredSettings: SessionSettings { environment.offered(settings) }

    /// The same as clients see them: with the tools by name.
    var shownSettings: SessionSettings {
        var settings = offeredSettings
        settings.tools = settings.tools ?? environment.tools.names
        return settings
    }

    // MARK: Snapshots

    /// Sends a snapshot that fits a server frame: with fewer messages, and longer ones cut, until it does.
    private func answerSnapshot(atMost limit: Int, ref: String?, to id: FollowerID) {
        var seq = log.visibleSeq
        let frame = fitting { budget in
            let snapshot = self.snapshot(atMost: limit, budgetBytes: budget)
            seq = snapshot.seq
            return Answer.snapshot(snapshot).frame(ref: ref)
        }
        if let cursor = log.cursor(after: seq) { followers[id]?.cursor = cursor }
        answer(frame, to: id)
    }

    private func snapshot(atMost limit: Int, budgetBytes: Int) -> Snapshot {
        var seq = log.visibleSeq
        var budget = budgetBytes
        var live: LiveTurn?
        if let running {
            // Of a turn that a restart brought back there are no deltas.
            if running.isResumed || (budget > 0 && running.turn.byteCount <= budget / 2) {
                live = liveTurn(running)
                budget -= running.turn.byteCount
            } else if running.firstSeq <= seq {
                // A long reply is better sent as its deltas: the snapshot is of the moment before it began.
                seq = running.firstSeq - 1
            }
        }
        // What was accepted since then comes as events.
        let queued = queue.filter { $0.accepted.seq <= seq }
        let later = Set(queue.filter { $0.accepted.seq > seq }.map(\.accepted.parent))
        // One more says that there are more.
        let path = tree.path(to: tree.head, limit: limit + later.count + 1).filter { !later.contains($0.id) }
        let entries = newest(limit, of: path, budgetBytes: budget)
        return Snapshot(
            messages: entries, live: live, context: live == nil ? newestContext(of: path) : nil,
            queued: queued.map { Snapshot.Queued(turn: $0.accepted.id, parent: $0.accepted.parent) },
            seq: seq, hasMore: entries.count < path.count)
    }

    private func newestContext(of path: [Message]) -> Snapshot.Context? {
        for message in path.reversed() {
            if let parent = message.parent, let figures = message.record?.context {
                return Snapshot.Context(figures: figures, parent: parent)
            }
        }
        return nil
    }

    private func liveTurn(_ running: Running) -> LiveTurn {
        LiveTurn(
            turn: running.turn.accepted.id, state: running.turn.isAwaiting ? "awaiting" : "running",
            parent: running.turn.accepted.parent,
            message: running.turn.accepted.reply, siblings: tree.siblings(of: running.turn.accepted.reply),
            model: running.model, context: running.plan.figures, blocks: running.turn.liveBlocks, approvals: approvals,
            now: Self.now)
    }
}
