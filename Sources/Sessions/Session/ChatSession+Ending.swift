import ChatProtocol
import Conversation
import DequeModule
import Logging
import Models
import NIOCore

// How a turn ends, and what it leaves: a reply, its usage and times, in one commit with the start of the turn behind it.
extension ChatSession {
    /// Stops the running turn; without effect where none runs.
    func stopRunning(_ status: TurnStatus, ref: String?, error: TurnError? = nil) {
        guard let actions = running?.turn.stop(status, error: error) else { return }
        perform(actions, ref: ref)
        changed()
    }

    func endRunning(_ end: TurnEnd) {
        guard let running else { return }
        // What is not accepted cannot end: if its commit fails there never was such a turn.
        guard running.isAccepted else {
            running.heldEnd = end
            return
        }
        if running.turn.round == 1 { learn(fromFirstCall: running.turn.usageNow) }
        self.running = nil
        reviewAdmission()
        generation += 1
        let now = NIODeadline.now()
        let usage = running.usage(
            isComplete: end.status != .cancelled && end.error == nil, isFailed: end.error != nil)
        var timing = TurnTiming(duration: .nanoseconds((now - running.startedAt).nanoseconds))
        if let first = running.firstOutputAt {
            timing.timeToFirstToken = .nanoseconds((first - running.startedAt).nanoseconds)
            let seconds = Double((now - first).nanoseconds) / 1e9
            if seconds > 0, usage.outputTokens > 0 { timing.tokensPerSecond = Double(usage.outputTokens) / seconds }
        }
        let accepted = running.turn.accepted
        finish(
            accepted,
            reply: reply(
                of: running.turn, status: end.status, usage: usage, model: running.model,
                record: ReplyRecord(timing: timing, error: end.error, context: running.plan.figures)),
            TurnOutcome(
                turn: accepted.id, message: accepted.reply, status: end.status, stopReason: end.stopReason,
                usage: usage, timing: timing,
                error: end.error),
            ref: end.ref ?? accepted.ref)
        environment.metrics.replied(bytes: running.turn.byteCount)
        // The turn that has just ended is kept as well, whatever its length: its readers are still at it.
        keptAfter = running.keptSeq - 1
    }

    /// Ends the turn that ran, and starts the one that waits next: one commit says both.
    func finish(_ accepted: AcceptedTurn, reply: Message, _ outcome: TurnOutcome, ref: String?) {
        // Asked once: the server may begin to drain at any moment, and what the commit says must be what is done.
        let next = readyTurn()
        end(accepted, reply: reply, outcome, ref: ref, next: next)
        if next != nil, let turn = queue.popFirst() { start(turn, savedBy: .endBefore) }
    }

    /// Ends a turn before it starts; it waits on if that cannot be saved.
    func cancelQueued(at index: Int, ref: String?, from follower: FollowerID) {
        let turn = queue.remove(at: index)
        reviewAdmission()
        let (change, outcome) = endOfQueued(turn)
        let seq = log.lastSeq + 1
        transact(
            [change], events: [.turnDone(outcome)], ref: ref, eventRef: ref ?? turn.accepted.ref, isAtRest: isAtRest,
            from: follower,
            undo: { [self] in queue.insert(turn, at: min(index, queue.count)) },
            then: { [self] in
                if case .ended(_, let reply) = change { put(reply) }
                outcomes.append(RecentOutcomes.Entry(outcome: outcome, seq: seq, ref: turn.accepted.ref))
                environment.metrics.ended(outcome)
            })
    }

    /// How a turn ends that is cancelled before it starts: it leaves an empty reply, which the message behind it names as its
    /// parent.
    func endOfQueued(_ turn: Turn) -> (SessionChange, TurnOutcome) {
        let reply = reply(of: turn, status: .cancelled, usage: Usage())
        return (
            .ended(turn: turn.accepted.id, reply: reply),
            TurnOutcome(
                turn: turn.accepted.id, message: turn.accepted.reply, status: .cancelled, usage: Usage(),
                timing: TurnTiming())
        )
    }

    /// Gives a reply its place in the tree.
    private func put(_ reply: Message) {
        do throws(MessageTreeError) {
            try tree.insert(reply)
        } catch {
            environment.logger.error("a reply has no place", metadata: ["session": "\(id)", "error": "\(error)"])
        }
    }

    /// Puts a turn's end on disk and into the log.
    ///
    /// - Parameter next: the turn that runs from now on.
    func end(
        _ accepted: AcceptedTurn, reply: Message, _ outcome: TurnOutcome, ref: String?, next: Turn? = nil
    ) {
        activeAt = .now()
        put(reply)
        var changes = [SessionChange.ended(turn: accepted.id, reply: reply)]
        if let next { changes.append(.started(turn: next.accepted.id)) }
        changes += spend(reply.usage, on: reply.model)
        // If it cannot be saved, that is how it ended: for those who follow, for those who come later, and in the store, once
        // that takes it.
        var unsaved = outcome
        unsaved.status = .failed
        unsaved.error = TurnError(
            .storage, message: "The reply could not be saved yet; the server tries again.", retryable: false)
        var unsavedReply = reply
        unsavedReply.status = .failed
        unsavedReply.partial = true
        unsavedReply.record = ReplyRecord(
            timing: reply.record?.timing, error: unsaved.error, context: reply.record?.context)
        var owed = changes
        owed[0] = .ended(turn: accepted.id, reply: unsavedReply)
        let seq = log.lastSeq + 1
        let title = titleAtEnd(of: reply)
        if let title { changes += takeTitle(title) }
        commit(
            changes, events: [.turnDone(outcome)], ref: ref, news: title == nil ? [] : [.sessionUpdated(shownSettings)],
            isAtRest: next == nil && isAtRest, owing: owed, instead: .turnDone(unsaved)
        ) { [self] succeeded in
            if title != nil { titleIsSaved(succeeded) }
            if !succeeded { tree.replace(unsavedReply) }
            self.unsavedReply = succeeded ? nil : unsavedReply
            let outcome = succeeded ? outcome : unsaved
            outcomes.append(RecentOutcomes.Entry(outcome: outcome, seq: seq, ref: accepted.ref))
            environment.metrics.ended(outcome)
            if succeeded { workBetweenTurns(after: reply.id) }
        }
    }

    func reply(
        of turn: Turn, status: TurnStatus?, usage: Usage?, model: String? = nil, record: ReplyRecord? = nil
    ) -> Message {
        Message(
            id: turn.accepted.reply, parent: turn.accepted.parent, role: .assistant, content: turn.content,
            createdAt: Self.now, turn: turn.accepted.id, partial: status.map { $0 != .completed } ?? false,
            model: model,
            usage: usage, status: status, record: record)
    }
}

extension ChatSession.Running {
    /// The turn's usage: as the provider said, else estimated.
    ///
    /// - Parameters:
    ///   - isComplete: whether the provider had the chance to say it all.
    ///   - isFailed: whether the last call failed. One that had said nothing before was not taken, and used nothing.
    func usage(isComplete: Bool, isFailed: Bool) -> Usage {
        guard turn.round > 0, !isFailed || turn.isHeard || !turn.items.isEmpty else { return Usage() }
        // Of the calls before a restart it is not known any more.
        if let reported = turn.reportedUsage, isComplete, !isResumed { return reported }
        let said = turn.reportedUsage ?? Usage()
        let output = turn.content.reduce(0) { $0 + TokenEstimate.tokens(in: $1) }
        return Usage(
            inputTokens: said.inputTokens > 0 || said.cacheReadTokens > 0 ? said.inputTokens : plan.estimatedTokens,
            outputTokens: max(said.outputTokens, output), cacheReadTokens: said.cacheReadTokens,
            cacheWriteTokens: said.cacheWriteTokens, estimated: true)
    }
}
