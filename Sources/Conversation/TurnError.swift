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
