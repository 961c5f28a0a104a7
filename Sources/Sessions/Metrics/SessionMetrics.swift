import ChatProtocol
import Conversation
package import CoreMetrics

/// What sessions count for whoever runs the server: turns, tokens, tools, commits. Nothing of it on the way of a token.
package struct SessionMetrics: Sendable {
    /// Where more can be counted.
    package let factory: any MetricsFactory
    private let ends: [TurnStatus: Counter]
    private let turnDuration: Timer
    private let timeToFirstToken: Timer
    private let replyBytes: Counter
    private let commitDuration: Timer
    private let failedCommits: Counter

    package init(factory: any MetricsFactory = NOOPMetricsHandler.instance) {
        self.factory = factory
        // All from the start: a rate of what was never seen is 0, and not missing.
        let ends = TurnStatus.allCases.map { status in
            let dimensions = [("status", status.rawValue)]
            return (status, Counter(label: "whinchat_turns_ended_total", dimensions: dimensions, factory: factory))
        }
        self.ends = Dictionary(uniqueKeysWithValues: ends)
        turnDuration = Timer(label: "whinchat_turn_duration_seconds", factory: factory)
        timeToFirstToken = Timer(label: "whinchat_time_to_first_token_seconds", factory: factory)
        replyBytes = Counter(label: "whinchat_reply_bytes_total", factory: factory)
        commitDuration = Timer(label: "whinchat_commit_duration_seconds", factory: factory)
        failedCommits = Counter(label: "whinchat_commits_failed_total", factory: factory)
    }

    // MARK: Turns

    func ended(_ outcome: TurnOutcome) {
        ends[outcome.status]?.increment()
        if let error = outcome.error { count("whinchat_turn_errors_total", [("code", error.code.rawValue)]) }
        // Zero for one that never started.
        if outcome.timing.duration > .zero { turnDuration.recordNanoseconds(outcome.timing.duration.nanoseconds) }
        if let time = outcome.timing.timeToFirstToken { timeToFirstToken.recordNanoseconds(time.nanoseconds) }
    }

    /// What a turn's reply came to, all its blocks together.
    func replied(bytes: Int) { replyBytes.increment(by: bytes) }

    func used(_ usage: Usage, model: String?) {
        let counts = [
            ("input", usage.inputTokens), ("output", usage.outputTokens), ("cache_read", usage.cacheReadTokens),
            ("cache_write", usage.cacheWriteTokens),
        ]
        for (kind, tokens) in counts where tokens > 0 {
            count("whinchat_tokens_total", [("model", model ?? ""), ("kind", kind)], by: tokens)
        }
    }

    /// - Parameter tool: one of the server's, `client` for a client's, or `unknown` for one that the model has made up.
    func toolFinished(_ tool: String, _ outcome: ToolCallOutcome) {
        count("whinchat_tool_calls_total", [("tool", tool), ("outcome", outcome.rawValue)])
    }

    // MARK: Commits

    /// - Parameter duration: from when the store was asked to when the session heard of it.
    func committed(in duration: Duration) { commitDuration.recordNanoseconds(duration.nanoseconds) }

    func commitFailed() { failedCommits.increment() }

    private func count(_ name: String, _ dimensions: [(String, String)], by amount: Int = 1) {
        Counter(label: name, dimensions: dimensions, factory: factory).increment(by: amount)
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        // A century fits.
        return min(seconds, 3_000_000_000) * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
