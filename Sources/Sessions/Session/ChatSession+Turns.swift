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
        let started = LogEvent.turnStarted(
            turn: accepted.id, parent: accepted.parent, message: accepted.reply, model: turn.settings.model,
            context: plan.figures)
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
                turn: turn.accepted.id, message: turn.accepted.reply, status: .cancelled, usage: Usage(),
                timing: TurnTiming())
            self.end(
                turn.accepted, reply: reply(of: turn, status: .cancelled, usage: Usage()), outcome, ref: end.ref)
        } else {
            queue.prepend(turn)
        }
    }

    /// Takes what a call to the model said. On the way from the provider's bytes to the sockets: no allocation for a token.
    package func receive(_ batch: ModelEventBatch, generation: Int) {
        let limitBytes = min(Turn.maximumReplyBytes, byteBound)
        batch.text.withUnsafeBytes { text in
            for event in batch.events {
                // Of a call that is over, perhaps by the event before.
                guard generation == self.generation else { break }
                if case .delta(let index, let range) = event {
                    let piece = UnsafeRawBufferPointer(rebasing: text[range])
                    if !append(piece, toBlock: index, limitBytes: limitBytes) { stopTooLong() }
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

    /// The running turn has said more than it may: than a reply may have, or than the turn has tokens.
    private func stopTooLong() {
        if running?.turn.byteCount ?? 0 > Turn.maximumReplyBytes {
            stopRunning(.truncated, ref: nil, error: Turn.replyTooLong)
        } else {
            stopRunning(.maxTokens, ref: nil)
        }
    }

    /// - Returns: false where the reply is longer than `limitBytes`.
    private func append(_ text: UnsafeRawBufferPointer, toBlock index: Int, limitBytes: Int) -> Bool {
        var rest = text
        var fits = true
        while rest.count > ProtocolLimits.deltaBytes {
            let piece = rest.prefix(wholeScalarsIn: ProtocolLimits.deltaBytes)
            fits = appendPiece(piece, toBlock: index, limitBytes) && fits
            rest = UnsafeRawBufferPointer(rebasing: rest[piece.count...])
        }
        return rest.isEmpty ? fits : appendPiece(rest, toBlock: index, limitBytes) && fits
    }

    @inline(__always)
    private func appendPiece(_ text: UnsafeRawBufferPointer, toBlock index: Int, _ limitBytes: Int) -> Bool {
        running?.turn.appendDelta(index, byteCount: text.count, limitBytes: limitBytes) { run, prefix in
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
            case .answerTool(let result): finished(result, after: .zero, turn: turn.accepted.id, as: .invalid)
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
