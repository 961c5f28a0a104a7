import ChatProtocol
import Conversation
import DequeModule
import Models
import NIOCore
import Tools

// A turn's acceptance: saved with the message that caused it, or as if it had never been.
extension ChatSession {
    /// Accepts a turn: it and its first events become durable together. It starts at once where nothing runs and it lacks
    /// nothing: the provider is called while the commit is under way, and what it says waits behind the events in the log.
    ///
    /// - Parameter undo: takes the turn out of the tree again, if it cannot be saved.
    func accept(
        _ accepted: AcceptedTurn, message: Message?, events: [LogEvent], _ onBusy: OnBusy,
        from follower: FollowerID, undo: @escaping () -> Void
    ) {
        turns[accepted.ref] = accepted
        accepting = accepted.id
        let turn = makeTurn(accepted)
        let isFirst = running == nil && queue.isEmpty && isReady(turn)
        transact(
            [.accepted(accepted, message: message), .head(accepted.reply)]
                + (isFirst ? [.started(turn: accepted.id)] : []),
            events: events + (isFirst ? [] : [.turnQueued(turn: accepted.id, parent: accepted.parent)]),
            ref: accepted.ref, isAtRest: false, from: follower,
            undo: { [self] in
                abandon(accepted)
                undo()
            },
            then: { [self] in isSaved(accepted, onBusy) })
        if isFirst { start(turn, savedBy: .acceptance) } else { queue.append(turn) }
    }

    func makeTurn(_ accepted: AcceptedTurn) -> Turn {
        Turn(accepted: accepted, provider: environment.provider.name, tools: tools(of: accepted))
    }

    func tools(of accepted: AcceptedTurn) -> TurnTools {
        TurnTools(server: environment.tools.subset(accepted.settings.tools), client: accepted.clientTools)
    }

    /// The commit of a turn's acceptance completed.
    private func isSaved(_ accepted: AcceptedTurn, _ onBusy: OnBusy) {
        accepting = nil
        if running?.turn.accepted.id == accepted.id {
            isRunningSaved()
        } else if running == nil {
            // The one before it has ended meanwhile.
            startNext()
        } else if onBusy == .interrupt {
            // It waits behind those that were accepted before it: history stays one line.
            stopRunning(.cancelled, ref: nil)
        }
        if admission?.turn == accepted.id { tellPosition() }
    }

    /// The commit of a turn's acceptance failed: the turn never was, and nobody has seen anything of it.
    private func abandon(_ accepted: AcceptedTurn) {
        accepting = nil
        turns[accepted.ref] = nil
        queue.removeAll { $0.accepted.id == accepted.id }
        if running?.turn.accepted.id == accepted.id { dropRunning() }
        reviewAdmission()
    }

    /// Takes back that a turn runs; nobody has seen anything of it.
    func dropRunning() {
        guard let running else { return }
        running.call?.cancel()
        running.tools.values.forEach { $0.cancel() }
        generation += 1
        self.running = nil
        log.void(from: running.firstSeq)
    }
}
