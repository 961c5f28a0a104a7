import ChatProtocol
import Conversation
import DequeModule
import NIOCore

// What is said, shown and changed beside turns.
extension ChatSession {
    // MARK: select

    func select(_ message: String, ref: String?, from follower: FollowerID) throws(CommandError) {
        guard running == nil, queue.isEmpty else {
            throw CommandError(
                .busy, "A turn is running; another branch can be shown once it has ended.", retryable: true)
        }
        let head = tree.head
        guard tree.message(message) != nil, let leaf = tree.newestLeaf(from: message) else {
            throw CommandError(.notFound, "There is no message \"\(message)\".", field: "message")
        }
        do throws(MessageTreeError) {
            try tree.select(leaf)
        } catch {
            throw CommandError(.internal, "The message has no place in the session: \(error)")
        }
        transact(
            [.head(leaf)], events: [.head(message: leaf, siblings: [:])], ref: ref, isAtRest: isAtRest, from: follower
        ) { [self] in
            tree.restoreHead(head)
        }
    }

    // MARK: configure

    func configure(_ change: SettingsChange, ref: String?, from follower: FollowerID) throws(CommandError) {
        try admitEvent()
        let before = settings
        settings = try environment.settings(settings, changedBy: change, prefix: "")
        transact(
            [.settings(settings)], events: [.sessionUpdated(shownSettings)], ref: ref, isAtRest: isAtRest,
            from: follower
        ) { [self] in
            settings = before
        }
    }

    // MARK: clear, delete

    func clear(ref: String?, from follower: FollowerID) {
        let (waiting, changes, events) = endEverything(ref: ref)
        stopBackgroundWork()
        let (tree, turns, cleared, outcomes, context) = (tree, turns, clearedRefs, outcomes, context)
        let settings = settings
        // Of what was said nothing is to be left.
        let untitled = forgetMadeTitle() ? [SessionChange.settings(self.settings)] : []
        self.context.restore([])
        self.tree.clear()
        self.turns = [:]
        self.outcomes = RecentOutcomes()
        clearedRefs.formUnion(turns.keys)
        transact(
            changes + untitled + [.cleared], events: events + [.sessionCleared(shownSettings)], ref: ref,
            isAtRest: isAtRest, from: follower,
            undo: { [self] in
                (self.tree, self.turns, clearedRefs, self.outcomes) = (tree, turns, cleared, outcomes)
                self.context.restore(context.summaries)
                self.settings = settings
                // The turn that was stopped for this may have failed to be saved as well, in between.
                if let unsavedReply { self.tree.replace(unsavedReply) }
                queue = waiting
                startNext()
            },
            then: { [self] in countEnds(events) })
    }

    func delete(ref: String?, from follower: FollowerID) {
        let (waiting, changes, events) = endEverything(ref: ref)
        transact(
            changes + [.deleted], events: events + [.sessionDeleted(shownSettings)], ref: ref, isAtRest: isAtRest,
            from: follower,
            undo: { [self] in
                queue = waiting
                startNext()
            },
            then: { [self] in
                countEnds(events)
                vanish()
            })
    }

    private func countEnds(_ events: [LogEvent]) {
        for case .turnDone(let outcome) in events { environment.metrics.ended(outcome) }
    }

    /// Stops the running turn, which cannot be taken back, and takes those that wait out of the queue.
    ///
    /// - Returns: those that waited, with what their end is.
    private func endEverything(ref: String?) -> (Deque<Turn>, [SessionChange], [LogEvent]) {
        let waiting = queue
        queue = []
        stopRunning(.cancelled, ref: ref)
        reviewAdmission()
        let ends = waiting.map { endOfQueued($0) }
        return (waiting, ends.map(\.0), ends.map { .turnDone($0.1) })
    }

    // MARK: history, stats

    func answerHistory(
        _ history: ClientCommand.History, ref: String?, to follower: FollowerID
    ) throws(CommandError) {
        guard tree.contains(history.before) else {
            throw CommandError(.notFound, "There is no message \"\(history.before)\".", field: "before")
        }
        let path = tree.path(to: tree.parent(of: history.before), limit: history.limit + 1)
        let frame = fitting { budget in
            let entries = newest(history.limit, of: path, budgetBytes: budget)
            return Answer.history(HistoryPage(messages: entries, hasMore: entries.count < path.count)).frame(ref: ref)
        }
        answer(frame, to: follower)
    }

    func answerStats(ref: String?, to follower: FollowerID) {
        let replies = turns.values.compactMap { tree.message($0.reply) }
        let usage = replies.reduce(Usage()) { $0 + ($1.usage ?? Usage()) }
        let stats = SessionStats(
            turnCount: turns.count, messageCount: tree.count, inputTokens: usage.inputTokens,
            outputTokens: usage.outputTokens, cacheReadTokens: usage.cacheReadTokens, cost: cost(of: replies),
            createdAt: createdAt, age: .milliseconds(Self.now - createdAt), lastActiveAt: lastActiveAt)
        answer(Answer.stats(stats).frame(ref: ref), to: follower)
    }

    // MARK: Messages in a frame

    /// A frame that fits: `make` is given fewer bytes for texts until it does.
    func fitting(_ make: (Int) -> ByteBuffer) -> ByteBuffer {
        var budget = ProtocolLimits.historyBytes
        while true {
            let frame = make(budget)
            // Escapes make a frame longer than its texts, at the worst six times as long; ids take room beside them. With no
            // budget there are no messages at all, which always fits.
            if frame.readableBytes <= ProtocolLimits.serverFrameBytes || budget == 0 { return frame }
            budget /= 2
        }
    }

    /// The newest messages of a path that fit the budget; the oldest of them may be cut.
    func newest(_ limit: Int, of path: [Message], budgetBytes: Int) -> [Snapshot.Entry] {
        var budget = budgetBytes
        var entries: [Snapshot.Entry] = []
        for message in path.reversed() {
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
        return entries
    }
}
