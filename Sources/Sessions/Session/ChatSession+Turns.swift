import ChatProtocol
import Conversation
import DequeModule
import JSON
import Logging
package import Models
import NIOCore
import Tools

// Turns: accepted, run, ended. What is to be done next is `Turn`'s word; here it is carried out.
extension ChatSession {
    // MARK: Running

    /// Starts the turn that waits first, if it can.
    func startNext() {
        guard readyTurn() != nil, let turn = queue.popFirst() else { return }
        start(turn, savedBy: .own)
    }

    /// Which commit says that a turn runs.
    enum StartCommit {
        /// The one of its acceptance, which is under way and may fail.
        case acceptance
        /// The one of the end of the turn before it.
        case endBefore
        /// One of its own.
        case own
    }

    func start(_ turn: Turn, savedBy saving: StartCommit) {
        let accepted = turn.accepted
        let (plan, tooLong) = plan(for: turn)
        context.prepared = nil
        let started = LogEvent.turnStarted(
            turn: accepted.id, parent: accepted.parent, message: accepted.reply, model: turn.settings.model,
            context: plan)
        if saving == .own {
            commit([.started(turn: accepted.id)], events: [started], ref: accepted.ref, isAtRest: false) {
                [self] succeeded in
                guard running?.turn.accepted.id == accepted.id else { return }
                if succeeded { isRunningSaved() } else { postpone() }
            }
        } else {
            log.append(started, ref: accepted.ref)
        }
        let first = log.lastSeq
        running = Running(
            turn: turn, plan: plan, firstSeq: first, keptSeq: saving == .acceptance ? accepted.seq : first,
            isAccepted: saving == .endBefore)
        if turn.tools.canWait { running?.turn.avoid(usedCalls) }
        // A bound that was used up while the turn waited ends it: else what waits could pass it without end.
        let exhausted = saving == .acceptance ? nil : spendingProblem()
        if let problem = tooLong.map(TurnError.init) ?? exhausted {
            stopRunning(.failed, ref: accepted.ref, error: problem)
        } else {
            perform(running?.turn.begin() ?? [], ref: accepted.ref)
        }
    }

    /// What the store knows of the running turn can no longer be taken back.
    func isRunningSaved() {
        running?.isAccepted = true
        if let end = running?.heldEnd { endRunning(end) }
    }

    /// The store does not know that the turn runs. It may say that the numbering goes on from an earlier end, so nothing of the
    /// turn may be seen: it waits again, and `tick` has it tried again.
    private func postpone() {
        guard let running else { return }
        dropRunning()
        // Nobody waits for its place behind a store that fails.
        dropAdmission()
        let turn = makeTurn(running.turn.accepted)
        if let end = running.heldEnd, end.status == .cancelled {
            let outcome = TurnOutcome(
                turn: turn.accepted.id, status: .cancelled, usage: Usage(), timing: TurnTiming())
            self.end(
                turn.accepted, reply: reply(of: turn, status: .cancelled, usage: Usage()), outcome, ref: end.ref)
        } else {
            queue.prepend(turn)
        }
    }

    /// Takes what a call to the model said. On the way from the provider's bytes to the sockets: no allocation for a token.
    package func receive(_ batch: ModelEventBatch, generation: Int) {
        let byteBound = byteBound
        batch.text.withUnsafeBytes { text in
            for event in batch.events {
                // Of a call that is over, perhaps by the event before.
                guard generation == self.generation else { break }
                if case .delta(let index, let range) = event {
                    let fits = append(UnsafeRawBufferPointer(rebasing: text[range]), toBlock: index)
                    if !fits {
                        stopRunning(.truncated, ref: nil, error: Turn.replyTooLong)
                    } else if running?.turn.byteCount ?? 0 > byteBound {
                        stopRunning(.maxTokens, ref: nil)
                    }
                } else if case .retrying(let retry) = event {
                    retrying(retry)
                } else if let actions = running?.turn.received(event) {
                    perform(actions, ref: nil)
                }
            }
        }
        changed()
    }

    /// The call failed before it said anything, and is made again.
    private func retrying(_ retry: ModelRetry) {
        guard let running else { return }
        // A fallback is kept for the rest of the turn: the first model had its chances.
        running.model = retry.model
        let error = TurnError(retry.error)
        log.append(
            .turnRetrying(
                turn: running.turn.accepted.id, attempt: retry.attempt, delay: retry.delay, code: error.code,
                message: error.message, model: retry.model))
    }

    private func append(_ text: UnsafeRawBufferPointer, toBlock index: Int) -> Bool {
        var rest = text
        var fits = true
        while rest.count > ProtocolLimits.deltaBytes {
            let piece = rest.prefix(wholeScalarsIn: ProtocolLimits.deltaBytes)
            fits = appendPiece(piece, toBlock: index) && fits
            rest = UnsafeRawBufferPointer(rebasing: rest[piece.count...])
        }
        return rest.isEmpty ? fits : appendPiece(rest, toBlock: index) && fits
    }

    @inline(__always)
    private func appendPiece(_ text: UnsafeRawBufferPointer, toBlock index: Int) -> Bool {
        running?.turn.appendDelta(index, byteCount: text.count) { run, prefix in
            log.appendDelta(text, to: run, prefix: prefix)
        } ?? true
    }

    // MARK: Carrying out

    func perform(_ actions: [Turn.Action], ref: String?) {
        for action in actions {
            guard let turn = running?.turn else { return }
            switch action {
            case .blockStarted(let index, let kind):
                if running?.firstOutputAt == nil { running?.firstOutputAt = .now() }
                log.append(.blockStarted(turn: turn.accepted.id, index: index, kind))
            case .blockDone(let index, let partial, let input):
                log.append(.blockDone(turn: turn.accepted.id, index: index, partial: partial, input: input))
            case .callModel where hasSaidAll: stopRunning(.maxTokens, ref: nil)
            case .callModel: callModel()
            case .runTools(let calls): run(calls)
            case .runOnClient(let calls): runOnClient(calls)
            case .askApproval(let calls): askApproval(calls)
            case .answerTool(let result): finished(result, after: .zero, turn: turn.accepted.id)
            case .cancelCall:
                running?.call?.cancel()
                running?.call = nil
            case .cancelTools:
                running?.tools.values.forEach { $0.cancel() }
                running?.tools = [:]
            case .end(let status, let stopReason, let error):
                endRunning(TurnEnd(status: status, stopReason: stopReason, error: error, ref: ref))
            }
        }
    }

    func callModel() {
        guard holdsPlace(), let running else { return }
        let turn = running.turn
        if turn.round == 2 { learn(fromFirstCall: turn.usageBefore) }
        var messages = running.plan.messages
        let content = turn.content
        if !content.isEmpty {
            messages.append(reply(of: turn, status: nil, usage: nil))
        }
        let settings = running.turn.settings
        let request = ModelRequest(
            model: running.model, system: settings.system.isEmpty ? nil : settings.system, messages: messages,
            tools: running.turn.tools.descriptions, temperature: settings.temperature, maxTokens: settings.maxTokens,
            stableMessages: running.plan.stableMessages, stallTimeout: environment.limits.stallTimeout)
        generation += 1
        let receiver = TurnReceiver(session: self, generation: generation)
        running.call = environment.provider.start(request, on: loop.models, receiver: receiver)
    }

    // MARK: Ending

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
            reply: reply(of: running.turn, status: end.status, usage: usage, model: running.model),
            TurnOutcome(
                turn: accepted.id, status: end.status, stopReason: end.stopReason, usage: usage, timing: timing,
                error: end.error),
            ref: end.ref ?? accepted.ref)
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
            })
    }

    /// How a turn ends that is cancelled before it starts: it leaves an empty reply, which the message behind it names as its
    /// parent.
    func endOfQueued(_ turn: Turn) -> (SessionChange, TurnOutcome) {
        let reply = reply(of: turn, status: .cancelled, usage: Usage())
        return (
            .ended(turn: turn.accepted.id, reply: reply),
            TurnOutcome(turn: turn.accepted.id, status: .cancelled, usage: Usage(), timing: TurnTiming())
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
    private func end(
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
        var owed = changes
        owed[0] = .ended(turn: accepted.id, reply: unsavedReply)
        let seq = log.lastSeq + 1
        commit(
            changes, events: [.turnDone(outcome)], ref: ref, isAtRest: next == nil && isAtRest, owing: owed,
            instead: .turnDone(unsaved)
        ) { [self] succeeded in
            if !succeeded { tree.replace(unsavedReply) }
            self.unsavedReply = succeeded ? nil : unsavedReply
            let outcome = succeeded ? outcome : unsaved
            outcomes.append(RecentOutcomes.Entry(outcome: outcome, seq: seq, ref: accepted.ref))
            if succeeded { workBetweenTurns(after: reply.id) }
        }
    }

    func reply(of turn: Turn, status: TurnStatus?, usage: Usage?, model: String? = nil) -> Message {
        Message(
            id: turn.accepted.reply, parent: turn.accepted.parent, role: .assistant, content: turn.content,
            createdAt: Self.now, turn: turn.accepted.id, partial: status.map { $0 != .completed } ?? false,
            model: model,
            usage: usage, status: status)
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

extension TurnError {
    fileprivate init(_ error: ContextError) {
        self.init(.messageTooLong, message: error.description, retryable: false)
    }
}

extension UnsafeRawBufferPointer {
    /// The longest beginning of at most `limit` bytes that does not cut a scalar of UTF-8 in two.
    func prefix(wholeScalarsIn limit: Int) -> UnsafeRawBufferPointer {
        var end = Swift.min(limit, count)
        // A continuation byte is 10xxxxxx.
        while end > 0, end < count, self[end] & 0xC0 == 0x80 { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: self[..<end])
    }
}
