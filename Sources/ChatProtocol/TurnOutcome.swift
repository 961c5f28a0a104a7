package import Conversation

/// How a turn ended: what its `turn.done` says.
package struct TurnOutcome: Hashable, Sendable {
    package var turn: String
    package var status: TurnStatus
    /// The provider's own word.
    package var stopReason: String?
    package var usage: Usage
    package var timing: TurnTiming
    package var error: TurnError?

    package init(
        turn: String, status: TurnStatus, stopReason: String? = nil, usage: Usage, timing: TurnTiming,
        error: TurnError? = nil
    ) {
        self.turn = turn
        self.status = status
        self.stopReason = stopReason
        self.usage = usage
        self.timing = timing
        self.error = error
    }
}

package struct TurnTiming: Hashable, Sendable {
    /// From the turn's start to the first block; nil where none came.
    package var timeToFirstToken: Duration?
    /// From the turn's start to its end; zero for a turn that never started.
    package var duration: Duration
    /// Output tokens by the time from the first block to the end; nil where that cannot be said.
    package var tokensPerSecond: Double?

    package init(timeToFirstToken: Duration? = nil, duration: Duration = .zero, tokensPerSecond: Double? = nil) {
        self.timeToFirstToken = timeToFirstToken
        self.duration = duration
        self.tokensPerSecond = tokensPerSecond
    }
}

/// Why a turn failed.
package struct TurnError: Hashable, Sendable {
    package var code: ErrorCode
    package var message: String
    package var retryable: Bool
    package var retryAfter: Duration?
    package var upstreamStatus: Int?
    package var upstreamRequestID: String?

    package init(
        _ code: ErrorCode, message: String, retryable: Bool, retryAfter: Duration? = nil, upstreamStatus: Int? = nil,
        upstreamRequestID: String? = nil
    ) {
        self.code = code
        self.message = message
        self.retryable = retryable
        self.retryAfter = retryAfter
        self.upstreamStatus = upstreamStatus
        self.upstreamRequestID = upstreamRequestID
    }
}

extension FrameWriter {
    mutating func outcome(_ outcome: TurnOutcome) {
        field("turn", outcome.turn)
        field("status", outcome.status.rawValue)
        field("stop_reason", outcome.stopReason)
        object("usage") { $0.usage(outcome.usage) }
        object("timing") { timing in
            timing.field("ttft_ms", outcome.timing.timeToFirstToken?.wholeMilliseconds)
            timing.field("duration_ms", outcome.timing.duration.wholeMilliseconds)
            timing.field("tokens_per_second", outcome.timing.tokensPerSecond.map { ($0 * 10).rounded() / 10 })
        }
        if let error = outcome.error {
            object("error") { $0.error(error) }
        }
    }

    private mutating func error(_ error: TurnError) {
        field("code", error.code.rawValue)
        field("message", error.message)
        field("retryable", error.retryable)
        field("retry_after_ms", error.retryAfter?.wholeMilliseconds)
        field("upstream_status", error.upstreamStatus)
        field("upstream_request_id", error.upstreamRequestID)
    }
}
