package import ChatProtocol
import Conversation
import DequeModule
import JSON
import Models
import NIOCore
import Tools

// What clients ask for.
extension ChatSession {
    /// Carries a command out. Refusals go back to the connection that sent it; what it causes goes into the log.
    package func handle(_ command: ClientCommand, ref: String?, from follower: FollowerID) {
        if let opening = followers[follower], opening.hold(command, ref: ref) { return }
        do throws(CommandError) {
            switch command {
            case .send(let send): try self.send(send, ref: ref ?? "", from: follower)
            case .regenerate(let regenerate): try self.regenerate(regenerate, ref: ref ?? "", from: follower)
            case .cancel(let cancel): try self.cancel(cancel, ref: ref, from: follower)
            case .ping(let echo): answer(Answer.pong(echo).frame(ref: ref), to: follower)
            case .edit, .select, .configure, .history, .stats, .clear, .delete:
                throw CommandError(.unknownType, "This command is not there yet.", field: "type")
            case .open: break
            }
        } catch {
            refuse(error, ref: ref, to: follower)
        }
        changed()
    }

    // MARK: send

    private func send(_ send: ClientCommand.Send, ref: String, from follower: FollowerID) throws(CommandError) {
        if let done = done[ref] {
            guard case .message(let id, let seq) = done, let message = tree.message(id),
                message.says(send.text)
            else { throw Self.conflict(ref) }
            replay(.message(message, siblings: tree.siblings(of: id)), seq: seq, ref: ref, to: follower)
            return
        }
        let settings = try environment.settings(settings, changedBy: send.options, prefix: "options.")
        try admit(send.onBusy)
        guard tree.count < Self.maximumMessages else {
            throw CommandError(
                .quotaExceeded, "The session has \(tree.count) messages, the most there can be. Start another.")
        }
        let turn = AcceptedTurn(
            id: Identifier.make(.turn), ref: ref, parent: Identifier.make(.userMessage), reply: Identifier.make(.reply))
        let message = Message(
            id: turn.parent, parent: tree.head, role: .user, content: [.text(send.text)], createdAt: Self.now,
            turn: turn.id)
        do throws(MessageTreeError) {
            try tree.insert(message)
            try tree.reserve(id: turn.reply, parent: message.id)
            try tree.select(turn.reply)
        } catch {
            throw CommandError(.internal, "The message has no place in the session: \(error)")
        }
        let before = log.lastSeq
        accept(
            Turn(accepted: turn, settings: settings, provider: environment.provider.name),
            [
                .accepted(turn: turn, message: message), .head(turn.reply),
            ], send.onBusy, from: follower
        ) { session, commit in
            session.log.append(
                .message(message, siblings: session.tree.siblings(of: message.id)), ref: ref, pending: commit)
            session.done[ref] = .message(id: message.id, seq: before + 1)
        }
    }

    // MARK: regenerate

    private func regenerate(
        _ regenerate: ClientCommand.Regenerate, ref: String, from follower: FollowerID
    ) throws(CommandError) {
        if let done = done[ref] {
            guard case .regenerated(let parent, let head, let seq) = done,
                regenerate.message.map({ tree.parent(of: $0) == parent }) ?? true
            else { throw Self.conflict(ref) }
            replay(.head(message: head, siblings: siblings(underParent: parent)), seq: seq, ref: ref, to: follower)
            return
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
            id: Identifier.make(.turn), ref: ref, parent: parent, reply: Identifier.make(.reply))
        do throws(MessageTreeError) {
            try tree.reserve(id: turn.reply, parent: parent)
            try tree.select(turn.reply)
        } catch {
            throw CommandError(.internal, "The reply has no place in the session: \(error)")
        }
        let before = log.lastSeq
        accept(
            Turn(accepted: turn, settings: settings, provider: environment.provider.name),
            [.accepted(turn: turn, message: nil), .head(turn.reply)], regenerate.onBusy, from: follower
        ) { session, commit in
            session.log.append(
                .head(message: turn.reply, siblings: session.siblings(underParent: parent)), ref: ref, pending: commit)
            session.done[ref] = .regenerated(parent: parent, head: turn.reply, seq: before + 1)
        }
    }

    /// The siblings that share a parent, by the id of each.
    private func siblings(underParent parent: String) -> [String: [String]] {
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
            var turn = queue.remove(at: index)
            _ = turn.stop(.cancelled)
            endQueued(turn, ref: ref)
        } else if let ended = outcomes.last(where: { ended in
            if let turn = cancel.turn { ended.outcome.turn == turn } else { ended.ref == cancel.send }
        }) {
            // It had ended before the command came: said again, so that nobody waits for it.
            replay(.turnDone(ended.outcome), seq: ended.seq, ref: ref, to: follower)
        } else if let id = cancel.turn {
            throw CommandError(.notFound, "There is no turn \"\(id)\" to stop.", field: "turn")
        }
    }

    // MARK: Common

    /// The most messages of one session. 10,000: years of talking to it, and a few megabytes in memory.
    static let maximumMessages = 10_000
    /// The most replies to one message. 64: their ids, in a `head` that lists all for each, fill half a server frame.
    static let maximumSiblings = 64

    /// - Throws: `busy` where the command would rather be refused than wait, or where too many wait already.
    private func admit(_ onBusy: OnBusy) throws(CommandError) {
        guard running != nil else { return }
        if onBusy == .reject {
            throw CommandError(.busy, "A turn is running.", retryable: true)
        }
        guard queue.count < ProtocolLimits.queuedTurns else {
            throw CommandError(
                .busy, "\(queue.count) turns wait already, the most there can be.", retryable: true)
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
