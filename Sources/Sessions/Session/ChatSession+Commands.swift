package import ChatProtocol
import Conversation
import DequeModule
import Models
import NIOCore

// What clients ask for.
extension ChatSession {
    /// Carries a command out. Refusals go back to the connection that sent it; what it causes goes into the log.
    package func handle(_ command: ClientCommand, ref: String?, from follower: FollowerID) {
        if let opening = followers[follower], opening.hold(command, ref: ref) { return }
        activeAt = .now()
        if case .ping(let echo) = command {
            answer(Answer.pong(echo).frame(ref: ref), to: follower)
        } else if presence == .gone || (presence == .loaded && ((held.isEmpty && !mustWait) || isOfNow(command))) {
            carryOut(command, ref: ref, from: follower)
        } else if held.count < Self.maximumHeldCommands {
            held.append(HeldCommand(command: command, ref: ref, follower: follower))
            if presence == .resting { load() }
        } else {
            refuse(
                CommandError(
                    .busy, "\(held.count) commands wait for the store already, the most there can be.", retryable: true),
                ref: ref, to: follower)
        }
        changed()
    }

    /// The most commands that wait for the store. 64: the store takes milliseconds for each.
    private static let maximumHeldCommands = 64

    /// Stopping what runs waits for nothing.
    private func isOfNow(_ command: ClientCommand) -> Bool {
        guard case .cancel(let cancel) = command, let running = running?.turn.accepted else { return false }
        return cancel.turn.map { $0 == running.id } ?? cancel.send.map { $0 == running.ref } ?? true
    }

    func carryOut(_ command: ClientCommand, ref: String?, from follower: FollowerID) {
        do throws(CommandError) {
            guard presence != .gone else {
                throw CommandError(.notFound, "The session \"\(id)\" was deleted.", field: "session")
            }
            switch command {
            case .send(let send): try self.send(send, ref: ref ?? "", from: follower)
            case .edit(let edit): try self.edit(edit, ref: ref ?? "", from: follower)
            case .regenerate(let regenerate): try self.regenerate(regenerate, ref: ref ?? "", from: follower)
            case .cancel(let cancel): try self.cancel(cancel, ref: ref, from: follower)
            case .toolResult(let answer): try answerTool(answer, ref: ref, from: follower)
            case .toolApprove(let decision): try decide(decision, ref: ref, from: follower)
            case .select(let message): try select(message, ref: ref, from: follower)
            case .configure(let change): try configure(change, ref: ref, from: follower)
            case .clear: clear(ref: ref, from: follower)
            case .delete: delete(ref: ref, from: follower)
            case .history(let history): try answerHistory(history, ref: ref, to: follower)
            case .stats: answerStats(ref: ref, to: follower)
            case .ping, .open: break
            }
        } catch {
            refuse(error, ref: ref, to: follower)
        }
    }

    // MARK: send

    private func send(_ send: ClientCommand.Send, ref: String, from follower: FollowerID) throws(CommandError) {
        if let done = try accepted(ref) {
            guard done.kind == .send, let message = tree.message(done.parent), message.says(send.text) else {
                throw Self.conflict(ref)
            }
            return replay(
                .message(message, siblings: tree.siblings(of: message.id)), seq: done.seq, ref: ref, to: follower)
        }
        let settings = try environment.settings(offeredSettings, changedBy: send.options, prefix: "options.")
        try admit(send.onBusy)
        try say(
            send.text, parent: tree.head, .send, settings: settings, send.onBusy, ref: ref, from: follower)
    }

    // MARK: edit

    private func edit(_ edit: ClientCommand.Edit, ref: String, from follower: FollowerID) throws(CommandError) {
        if let done = try accepted(ref) {
            guard done.kind == .edit, let message = tree.message(done.parent), message.says(edit.text),
                tree.siblings(of: message.id).contains(edit.message)
            else { throw Self.conflict(ref) }
            return replay(
                .message(message, siblings: tree.siblings(of: message.id)), seq: done.seq, ref: ref, to: follower)
        }
        guard let original = tree.message(edit.message), original.role == .user else {
            throw CommandError(.notFound, "There is no message of yours \"\(edit.message)\".", field: "message")
        }
        try admit(edit.onBusy)
        guard tree.siblings(of: original.id).count < Self.maximumSiblings else {
            throw CommandError(
                .quotaExceeded, "That message has \(Self.maximumSiblings) versions, the most there can be.",
                field: "message")
        }
        try say(
            edit.text, parent: original.parent, .edit, settings: offeredSettings, edit.onBusy, ref: ref, from: follower)
    }

    /// Takes a new user message in, and the turn that answers it.
    private func say(
        _ text: String, parent: String?, _ kind: AcceptedTurn.Kind, settings: SessionSettings, _ onBusy: OnBusy,
        ref: String, from follower: FollowerID
    ) throws(CommandError) {
        guard tree.count < Self.maximumMessages else {
            throw CommandError(
                .quotaExceeded, "The session has \(tree.count) messages, the most there can be. Start another.")
        }
        let turn = AcceptedTurn(
            id: Identifier.make(.turn), kind: kind, ref: ref, parent: Identifier.make(.userMessage),
            reply: Identifier.make(.reply), seq: log.lastSeq + 1, settings: settings,
            clientTools: clientTools(of: follower))
        let message = Message(
            id: turn.parent, parent: parent, role: .user, content: [.text(text)], createdAt: Self.now, turn: turn.id)
        try admitLength(of: message, in: turn)
        let head = tree.head
        do throws(MessageTreeError) {
            try tree.insert(message)
            try tree.reserve(id: turn.reply, parent: message.id)
            try tree.select(turn.reply)
        } catch {
            throw CommandError(.internal, "The message has no place in the session: \(error)")
        }
        let siblings = tree.siblings(of: message.id)
        var events = [LogEvent.message(message, siblings: siblings)]
        if kind == .edit {
            events.append(.head(message: turn.reply, siblings: self.siblings(underParent: parent)))
        }
        accept(turn, message: message, events: events, onBusy, from: follower) { [self] in
            tree.removeLeaf(turn.reply)
            tree.removeLeaf(message.id)
            tree.restoreHead(head)
        }
    }

    // MARK: regenerate

    private func regenerate(
        _ regenerate: ClientCommand.Regenerate, ref: String, from follower: FollowerID
    ) throws(CommandError) {
        if let done = try accepted(ref) {
            guard done.kind == .regenerate, regenerate.message.map({ tree.parent(of: $0) == done.parent }) ?? true
            else {
                throw Self.conflict(ref)
            }
            return replay(
                .head(message: done.reply, siblings: siblings(underParent: done.parent)), seq: done.seq, ref: ref,
                to: follower)
        }
        guard let asked = regenerate.message ?? tree.head, let parent = tree.parent(of: asked),
            asked != parent, tree.message(asked)?.role ?? .assistant == .assistant, tree.message(parent)?.role == .user
        else {
            throw CommandError(
                .notFound,
                regenerate.message.map { "There is no reply \"\($0)\"." }
                    ?? "There is no reply that could be asked for again.",
                field: "message")
        }
        try admit(regenerate.onBusy)
        guard tree.children(of: parent).count < Self.maximumSiblings else {
            throw CommandError(
                .quotaExceeded, "That message has \(Self.maximumSiblings) replies, the most there can be.",
                field: "message")
        }
        let turn = AcceptedTurn(
            id: Identifier.make(.turn), kind: .regenerate, ref: ref, parent: parent, reply: Identifier.make(.reply),
            seq: log.lastSeq + 1, settings: offeredSettings, clientTools: clientTools(of: follower))
        let head = tree.head
        do throws(MessageTreeError) {
            try tree.reserve(id: turn.reply, parent: parent)
            try tree.select(turn.reply)
        } catch {
            throw CommandError(.internal, "The reply has no place in the session: \(error)")
        }
        let event = LogEvent.head(message: turn.reply, siblings: siblings(underParent: parent))
        accept(turn, message: nil, events: [event], regenerate.onBusy, from: follower) { [self] in
            tree.removeLeaf(turn.reply)
            tree.restoreHead(head)
        }
    }

    /// The siblings that share a parent, by the id of each.
    private func siblings(underParent parent: String?) -> [String: [String]] {
        let siblings = tree.children(of: parent)
        return Dictionary(uniqueKeysWithValues: siblings.map { ($0, siblings) })
    }

    // MARK: cancel

    private func cancel(_ cancel: ClientCommand.Cancel, ref: String?, from follower: FollowerID) throws(CommandError) {
        let meant: (Turn) -> Bool
        if let id = cancel.turn {
            meant = { $0.accepted.id == id }
        } else if let send = cancel.send {
            meant = { $0.accepted.ref == send }
        } else {
            guard let running else { return }
            meant = { $0.accepted.id == running.turn.accepted.id }
        }
        if let running, meant(running.turn) {
            stopRunning(.cancelled, ref: ref)
        } else if let index = queue.firstIndex(where: meant) {
            cancelQueued(at: index, ref: ref, from: follower)
        } else if let ended = outcomes.last(where: { ended in
            if let turn = cancel.turn { ended.outcome.turn == turn } else { ended.ref == cancel.send }
        }) {
            // It had ended before the command came: said again, so that nobody waits for it.
            replay(.turnDone(ended.outcome), seq: ended.seq, ref: ref, to: follower)
        } else if let id = cancel.turn, !turns.values.contains(where: { $0.id == id }) {
            throw CommandError(.notFound, "There is no turn \"\(id)\" to stop.", field: "turn")
        }
    }

    // MARK: Common

    /// The most messages of one session. 100,000: a lifetime of talking to it, and some 200 MB in memory while it is used
    /// (docs/reliability.md has the figures).
    static let maximumMessages = 100_000
    /// The most replies to one message, and versions of one. 64: their ids, in a `head` that lists all for each, fill half a
    /// server frame.
    static let maximumSiblings = 64

    /// The turn that a command of this id was accepted with; nil: it is a new id.
    private func accepted(_ ref: String) throws(CommandError) -> AcceptedTurn? {
        if clearedRefs.contains(ref) { throw Self.conflict(ref) }
        return turns[ref]
    }

    /// - Throws: `busy` where the command would rather be refused than wait, or where too many wait already; `overloaded` where
    ///   the server is about to end; `quota_exceeded` where the day's bound is used up.
    private func admit(_ onBusy: OnBusy) throws(CommandError) {
        try admitEvent()
        if environment.drain.isDraining {
            throw CommandError(.overloaded, "The server is about to restart.", retryable: true, retryAfter: .seconds(1))
        }
        try admitSpending()
        try admitToPlaces()
        guard running != nil || !queue.isEmpty else { return }
        if onBusy == .reject {
            throw CommandError(.busy, "A turn is running.", retryable: true)
        }
        guard queue.count < ProtocolLimits.queuedTurns else {
            throw CommandError(
                .busy, "\(queue.count) turns wait already, the most there can be.", retryable: true)
        }
    }

    /// - Throws: `busy` where so much was said while a turn runs that the log, which keeps all since, is full.
    func admitEvent() throws(CommandError) {
        guard running == nil || log.byteCount <= SessionLog.maximumBytes else {
            throw CommandError(.busy, "Too much was said while the turn runs.", retryable: true)
        }
    }

    /// An answer that was given before, again, to the connection that asked again.
    private func replay(_ event: LogEvent, seq: Int, ref: String?, to follower: FollowerID) {
        // What is not on disk yet will come with the log.
        guard seq <= log.visibleSeq else { return }
        answer(event.frame(seq: seq, ref: ref, replay: true), to: follower)
    }

    private static func conflict(_ ref: String) -> CommandError {
        CommandError(.conflict, "The id \"\(ref)\" was used for another command or another content.", field: "id")
    }
}

extension Message {
    /// Whether it is a user's message of exactly this text. By its bytes: Swift's `==` on strings normalises Unicode, which takes
    /// seconds for some texts that a client can send, and takes different texts for the same.
    fileprivate func says(_ text: String) -> Bool {
        guard role == .user, content.count == 1, case .text(let said) = content[0] else { return false }
        return said.utf8.elementsEqual(text.utf8)
    }
}
