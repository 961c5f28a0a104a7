import ChatProtocol
import Conversation
import DequeModule
import Logging
import Models
import NIOCore

// What a session does about itself: checkpoints, its rest, and its return.
extension ChatSession {
    // MARK: Now and then

    /// Looks after itself; called about once a second while the session is loaded.
    func tick(_ now: NIODeadline) {
        tellPosition()
        expireBackgroundWork(now)
        if running != nil {
            countWork(until: now)
            checkpoint()
            expireWaiting()
            if !isPaused {
                stopIfOver(now)
            } else {
                // What it waits is not counted: it could not be attended to the end.
                if unattendedAt != nil { unattendedAt = now }
                if commits.isEmpty, !commits.owed.isEmpty { commit([], isAtRest: isAtRest) }
            }
        } else if commits.isEmpty, readyTurn() != nil {
            // Its start could not be saved.
            startNext()
        } else if !commits.owed.isEmpty {
            // What could not be saved: perhaps it can by now.
            if commits.isEmpty { commit([], isAtRest: isAtRest) }
        } else if now - activeAt >= TimeAmount(environment.limits.idleAfter) {
            rest()
        }
    }

    private func checkpoint() {
        guard running?.isAccepted == true, let id = running?.turn.accepted.id,
            let pieces = running?.turn.takeProgress(), !pieces.isEmpty
        else { return }
        commit([.progress(turn: id, pieces)], isAtRest: false, happened: true)
    }

    /// Ends a turn that is beyond its bounds: one that goes in circles would go on for ever, at somebody's cost, and one that
    /// nobody follows has narrower ones.
    private func stopIfOver(_ now: NIODeadline) {
        guard let running else { return }
        let limits = environment.limits
        let unattended = unattendedAt.map { now - max($0, running.startedAt) } ?? .zero
        if running.worked > TimeAmount(limits.turnTime) || unattended > TimeAmount(limits.unattendedTime) {
            stopRunning(.timeLimit, ref: nil)
        } else if hasSaidAll {
            stopRunning(.maxTokens, ref: nil)
        }
    }

    /// The most tokens that a turn may say as things are.
    private var tokenBound: Int {
        let limits = environment.limits
        return unattendedAt == nil ? limits.turnTokens : min(limits.turnTokens, limits.unattendedTokens)
    }

    /// The same in bytes, about.
    var byteBound: Int { tokenBound * TokenEstimate.bytesPerToken }

    /// Whether the running turn has said all that it may, by its bytes or by the provider's count.
    var hasSaidAll: Bool {
        guard let turn = running?.turn else { return false }
        return turn.byteCount > byteBound || turn.reportedUsage?.outputTokens ?? 0 > tokenBound
    }

    /// Counts the time that the running turn is at work, a second at a time: what it waits is not its own.
    private func countWork(until now: NIODeadline) {
        guard let running, now > running.countedUntil else { return }
        if !isPaused { running.worked = running.worked + (now - running.countedUntil) }
        running.countedUntil = now
    }

    // MARK: Resting

    /// Whether no number of the log can come to be seen before the next commit.
    var isAtRest: Bool {
        if let running { return running.turn.isAwaiting }
        return queue.isEmpty || environment.drain.isDraining
    }

    /// Puts the history out of memory, where nothing is going on.
    private func rest() {
        guard presence == .loaded, running == nil, queue.isEmpty, commits.isEmpty, commits.owed.isEmpty, held.isEmpty,
            settling.isEmpty, context.isIdle,
            followers.values.allSatisfy({ $0.isReady && !$0.isDue && !log.hasMore(after: $0.cursor) })
        else { return }
        forgetHistory()
        log.forget()
        keptAfter = .max
        presence = .resting
        loop.deactivate(self)
        leaveIfUnused()
    }

    /// Rests once its followers have been sent what they asked for, where it was read for that alone and there are many.
    func restIfCrowded() {
        guard log.isEmpty, loop.isCrowded else { return }
        // Behind the loop's sending.
        loop.eventLoop.execute { self.assumeIsolated { if $0.log.isEmpty { $0.rest() } } }
    }

    private func forgetHistory() {
        tree = MessageTree()
        turns = [:]
        clearedRefs = []
        outcomes = RecentOutcomes()
        stopBackgroundWork()
        context = SessionContext()
    }

    /// Leaves memory, if the session rests and nobody follows it.
    func leaveIfUnused() {
        guard presence == .resting, followers.isEmpty, settling.isEmpty, held.isEmpty, residents.remove(self)
        else { return }
        // From now on another may be read in its place: this one must never write again.
        presence = .gone
    }

    /// The session is no more: followers are sent what there is, and then let go.
    func vanish() {
        presence = .gone
        loop.deactivate(self)
        forgetHistory()
        _ = residents.remove(self, force: true)
        for id in followers.keys { markDue(id) }
    }

    // MARK: Coming back

    /// Reads the history of a resting session back.
    func load() {
        presence = .loading
        Task {
            do throws(SessionStoreError) {
                guard let history = try await SessionHistory.read(id, from: environment.store) else {
                    throw .inconsistent("The session is not in the store any more.")
                }
                wake(history)
            } catch {
                environment.logger.error("load failed", metadata: ["session": "\(id)", "error": "\(error)"])
                stayAsleep(error)
            }
        }
    }

    private func stayAsleep(_ error: SessionStoreError) {
        presence = .resting
        let problem = CommandError(.storage, "The session's history cannot be read now.", retryable: true)
        let (settling, held) = (settling, held)
        self.settling = []
        self.held = []
        for body in settling { body(error) }
        for command in held { refuse(problem, ref: command.ref, to: command.follower) }
        settle()
        leaveIfUnused()
    }

    /// Takes the history from what the store has, and goes on where an earlier life of the session ended.
    func wake(_ history: SessionHistory) {
        guard presence == .loading else { return }
        restore(history)
        presence = .loaded
        activeAt = .now()
        loop.activate(self)
        var interrupted: StoredTurn?
        for turn in history.stored.turns where turn.state != .ended {
            switch turn.state {
            case .running: interrupted = turn
            case .queued: queue.append(makeTurn(offered(turn.accepted)))
            case .ended: break
            }
        }
        if let interrupted {
            if interrupted.waiting.isEmpty { interrupt(interrupted) } else { resume(interrupted) }
        } else {
            startNext()
        }
        settle()
        changed()
    }

    private func restore(_ history: SessionHistory) {
        if let error = history.error {
            environment.logger.error("history is inconsistent", metadata: ["session": "\(id)", "error": "\(error)"])
        }
        tree = history.tree
        turns = history.turns
        clearedRefs = history.stored.clearedRefs
        context.restore(history.stored.summaries)
    }

    /// A turn of an earlier life, whose server may have offered another model.
    private func offered(_ accepted: AcceptedTurn) -> AcceptedTurn {
        var accepted = accepted
        accepted.settings = environment.offered(accepted.settings)
        return accepted
    }

    /// Has a turn that awaits somebody go on awaiting.
    private func resume(_ stored: StoredTurn) {
        let accepted = offered(stored.accepted)
        let turn = Turn(
            resuming: accepted, provider: environment.provider.name, tools: tools(of: accepted),
            pieces: stored.pieces, waiting: stored.waiting.filter { $0.kind != .denied })
        let running = Running(
            turn: turn, plan: plan(for: turn).0, firstSeq: log.lastSeq + 1, keptSeq: log.lastSeq + 1, isAccepted: true)
        running.isResumed = true
        running.turn.avoid(usedCalls)
        self.running = running
        let denied = Set(stored.waiting.filter { $0.kind == .denied }.map(\.call.id))
        for call in turn.openCalls where turn.waiting[call] == nil {
            // What had started beside it may have run, so it is never run again.
            let result = denied.contains(call) ? Self.deniedResult(call) : Self.unknownResult(call)
            finished(result, after: .zero, turn: accepted.id, as: denied.contains(call) ? .denied : .lost)
        }
    }

    private static func unknownResult(_ call: String) -> ToolResult {
        ToolResult(
            call: call, output: "The server stopped before the tool had answered. Whether it ran is not known.",
            isError: true)
    }

    /// Ends the turn that ran when the process died, with what had arrived.
    private func interrupt(_ turn: StoredTurn) {
        var content = turn.pieces.content
        let answered = Set(content.compactMap { if case .toolResult(let result) = $0 { result.call } else { nil } })
        for case .toolCall(let call) in content where !answered.contains(call.id) {
            // It may have run, so it is never run again.
            content.append(.toolResult(Self.unknownResult(call.id)))
        }
        let accepted = turn.accepted
        let tokens = content.reduce(0) { $0 + TokenEstimate.tokens(in: $1) }
        let usage = Usage(outputTokens: tokens, estimated: true)
        let reply = Message(
            id: accepted.reply, parent: accepted.parent, role: .assistant, content: content, createdAt: lastActiveAt,
            turn: accepted.id, partial: true, model: accepted.settings.model, usage: usage, status: .interrupted)
        finish(
            accepted, reply: reply,
            TurnOutcome(
                turn: accepted.id, message: accepted.reply, status: .interrupted, usage: usage, timing: TurnTiming()),
            ref: accepted.ref)
    }
}
