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
    /// Makes a connection a follower: it gets a `welcome`, a `snapshot` where it needs one, and everything after that.
    ///
    /// - Parameters:
    ///   - open: where the client was.
    ///   - isNew: whether this `open` made the session.
    ///   - isReady: whether the connection takes anything now; if not, it calls `ready(_:)` once it does.
    package func follow(
        _ id: FollowerID, _ open: ClientCommand.Open, ref: String?, isNew: Bool, isReady: Bool = true,
        over transport: any FollowerTransport
    ) {
        if isNew {
            _ = commit([.created(owner: owner, settings: settings, createdAt: Self.now)])
        }
        // What the session knows may be ahead of what its log may show: a snapshot waits until the two agree. Nothing is sent
        // before, and what the client says behind its `open` waits too: it must see what comes of it.
        let follower = Follower(transport: transport, cursor: log.endCursor, isReady: isReady)
        followers[id] = follower
        whenSettled { [self] in
            guard followers[id] === follower else { return }
            var resume = isNew ? Welcome.Resume.new : .snapshot
            follower.cursor = log.endCursor
            if !isNew, open.epoch == epoch, let after = open.after, let cursor = log.cursor(after: after) {
                resume = .exact
                follower.cursor = cursor
            }
            let held = follower.finishOpening()
            answer(Answer.welcome(welcome(resume)).frame(ref: ref), to: id)
            if resume == .snapshot { answerSnapshot(atMost: open.history, ref: ref, to: id) }
            for command in held { handle(command.command, ref: command.ref, from: id) }
            changed()
        }
    }

    private func welcome(_ resume: Welcome.Resume) -> Welcome {
        var settings = self.settings
        settings.tools = settings.tools ?? environment.tools.names
        return Welcome(
            session: self.id, epoch: epoch, seq: log.visibleSeq, resume: resume,
            state: running == nil ? .idle : .running, turn: running?.turn.accepted.id, settings: settings,
            models: environment.models, tools: environment.tools.subset(settings.tools).descriptions,
            pingInterval: environment.pingInterval, serverTime: Self.now)
    }

    // MARK: Snapshots

    /// Sends a snapshot that fits a server frame: with fewer messages, and longer ones cut, until it does.
    private func answerSnapshot(atMost limit: Int, ref: String?, to id: FollowerID) {
        var budget = ProtocolLimits.historyBytes
        while true {
            let snapshot = self.snapshot(atMost: limit, budgetBytes: budget)
            let frame = Answer.snapshot(snapshot).frame(ref: ref)
            if frame.readableBytes <= ProtocolLimits.serverFrameBytes {
                if let cursor = log.cursor(after: snapshot.seq) { followers[id]?.cursor = cursor }
                return answer(frame, to: id)
            }
            // Escapes made it longer than its texts, at the worst six times as long; ids and results take room beside them.
            budget /= 2
        }
    }

    private func snapshot(atMost limit: Int, budgetBytes: Int) -> Snapshot {
        var seq = log.visibleSeq
        var budget = budgetBytes
        var live: LiveTurn?
        if let running {
            if budget > 0, running.turn.byteCount <= budget / 2 {
                live = liveTurn(running)
                budget -= running.turn.byteCount
            } else if running.firstSeq <= seq {
                // A long reply is better sent as its deltas: the snapshot is of the moment before it began.
                seq = running.firstSeq - 1
            }
        }
        // What was accepted since then comes as events.
        let queued = queue.filter { acceptedSeq(of: $0) <= seq }
        let later = Set(queue.filter { acceptedSeq(of: $0) > seq }.map(\.accepted.parent))
        let path = tree.path(to: tree.head).filter { !later.contains($0.id) }
        var entries: [Snapshot.Entry] = []
        for message in path.reversed() {
            // With nothing left there are no messages at all, which always fits.
            guard entries.count < limit, budget > 0 else { break }
            let bytes = message.textBytes
            let isCut = bytes > budget
            entries.append(
                Snapshot.Entry(
                    message: isCut ? message.cut(toTextBytes: budget) : message,
                    siblings: tree.siblings(of: message.id), isCut: isCut))
            budget -= min(bytes, budget)
        }
        entries.reverse()
        return Snapshot(
            messages: entries, live: live,
            queued: queued.map { Snapshot.Queued(turn: $0.accepted.id, parent: $0.accepted.parent) },
            seq: seq, hasMore: entries.count < path.count)
    }

    private func acceptedSeq(of turn: Turn) -> Int {
        switch done[turn.accepted.ref] {
        case .message(_, let seq), .regenerated(_, _, let seq): seq
        case nil: 0
        }
    }

    private func liveTurn(_ running: Running) -> LiveTurn {
        LiveTurn(
            turn: running.turn.accepted.id, state: "running", parent: running.turn.accepted.parent,
            message: running.turn.accepted.reply, model: running.turn.settings.model, context: running.plan,
            blocks: running.turn.liveBlocks)
    }

    /// Milliseconds since 1970.
    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}
