package import Conversation

/// How a turn ended: what its `turn.done` says.
package struct TurnOutcome: Hashable, Sendable {
    package var turn: String
    /// The id of the reply that it left.
    package var message: String
    package var status: TurnStatus
    /// The provider's own word.
    package var stopReason: String?
    package var usage: Usage
    package var timing: TurnTiming
    package var error: TurnError?

    package init(
        turn: String, message: String, status: TurnStatus, stopReason: String? = nil, usage: Usage, timing: TurnTiming,
        error: TurnError? = nil
    ) {
        self.turn = turn
        self.message = message
        self.status = status
        self.stopReason = stopReason
        self.usage = usage
        self.timing = timing
        self.error = error
    }
}

extension FrameWriter {
    mutating func outcome(_ outcome: TurnOutcome) {
        field("turn", outcome.turn)
        field("message", outcome.message)
        field("status", outcome.status.rawValue)
        field("stop_reason", outcome.stopReason)
        object("usage") { $0.usage(outcome.usage) }
        object("timing") { $0.timing(outcome.timing) }
        if let error = outcome.error {
            object("error") { $0.error(error) }
        }
    }

    mutating func timing(_ timing: TurnTiming) {
        field("ttft_ms", timing.timeToFirstToken?.wholeMilliseconds)
        field("duration_ms", timing.duration.wholeMilliseconds)
        field("tokens_per_second", timing.tokensPerSecond.map { ($0 * 10).rounded() / 10 })
    }

    mutating func error(_ error: TurnError) {
        field("code", error.code.rawValue)
        field("message", error.message)
        field("retryable", error.retryable)
        field("retry_after_ms", error.retryAfter?.wholeMilliseconds)
        field("upstream_status", error.upstreamStatus)
        field("upstream_request_id", error.upstreamRequestID)
    }
}
