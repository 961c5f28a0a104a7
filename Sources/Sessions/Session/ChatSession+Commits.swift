import ChatProtocol
import Conversation
import Logging
import NIOCore

// Making changes durable.
extension ChatSession {
    /// Makes changes durable, and appends the events that may be seen once they are.
    ///
    /// - Parameters:
    ///   - ref: the `id` of the command that caused the events.
    ///   - news: events behind them that no command caused.
    ///   - isAtRest: whether nothing more is said before the next commit.
    ///   - happened: true where the changes tell what has happened, and so are saved later if they cannot be saved now.
    ///   - owing: what is saved later in the changes' place, where that differs.
    ///   - instead: what is seen in the events' place if the commit fails.
    ///   - completion: told whether it worked, before anything later happens.
    func commit(
        _ changes: [SessionChange], events: [LogEvent] = [], ref: String? = nil, news: [LogEvent] = [],
        isAtRest: Bool, happened: Bool = false, owing: [SessionChange] = [], instead: LogEvent? = nil,
        completion: @escaping (Bool) -> Void = { _ in }
    ) {
        let number = commits.nextID()
        for event in events { log.append(event, ref: ref, pending: number) }
        for event in news { log.append(event, pending: number) }
        let owed = commits.takeOwed(where: isDue)
        lastActiveAt = Self.now
        let commit = SessionCommit(
            session: id, id: number, ownerTerm: ownerTerm, epoch: epoch, lastSeq: log.lastSeq, isAtRest: isAtRest,
            time: lastActiveAt, changes: owed + changes)
        commits.append(
            CommitQueue.Entry(
                id: number, instead: instead.map { ($0, ref) }, owed: owed + (happened ? changes : owing),
                completion: completion))
        environment.store.write(commit) { result in
            // Never on the spot: the session is still busy with what wanted the commit.
            self.loop.eventLoop.execute { self.assumeIsolated { $0.committed(number, result) } }
        }
    }

    /// Makes a command's changes durable; the commands behind it wait, since they build on it.
    ///
    /// - Parameters:
    ///   - eventRef: what the events carry, if not `ref`, which a refusal carries.
    ///   - undo: takes back in memory what the changes did, if they cannot be saved.
    func transact(
        _ changes: [SessionChange], events: [LogEvent], ref: String?, eventRef: String? = nil, isAtRest: Bool,
        from follower: FollowerID, undo: @escaping () -> Void, then: @escaping () -> Void = {}
    ) {
        isTransacting = true
        commit(changes, events: events, ref: eventRef ?? ref, isAtRest: isAtRest) { [self] succeeded in
            isTransacting = false
            if succeeded { return then() }
            undo()
            refuse(
                CommandError(.storage, "This could not be saved, so nothing was done.", retryable: true), ref: ref,
                to: follower)
        }
    }

    private func isDue(_ change: SessionChange) -> Bool {
        switch change {
        case .started(let turn), .progress(let turn, _), .waiting(let turn, _): running?.turn.accepted.id == turn
        case .summarised(let summary): context.summaries.contains(summary)
        case .ended(let turn, _): turns.values.contains { $0.id == turn }
        default: true
        }
    }

    private func committed(_ number: CommitID, _ result: Result<Void, SessionStoreError>) {
        let wasFailing = commits.isFailing
        var failure: SessionStoreError?
        if case .failure(let error) = result { failure = error }
        guard let entry = commits.completed(number, succeeded: failure == nil) else { return }
        environment.metrics.committed(in: .nanoseconds((NIODeadline.now() - entry.startedAt).nanoseconds))
        if let failure {
            environment.metrics.commitFailed()
            if !wasFailing {
                environment.logger.error("commit failed", metadata: ["session": "\(id)", "error": "\(failure)"])
            }
            log.failed(number, instead: entry.instead?.event, ref: entry.instead?.ref)
            // What does not fit the store will not fit later either.
            if case .unavailable = failure { commits.owe(entry.owed) }
            entry.completion(false)
        } else {
            log.committed(number)
            entry.completion(true)
        }
        settle()
        let runningAfter = running.map { $0.keptSeq - 1 } ?? .max
        log.trim(keepingAfter: min(keptAfter, runningAfter), andAlwaysAfter: runningAfter)
        changed()
    }
}
