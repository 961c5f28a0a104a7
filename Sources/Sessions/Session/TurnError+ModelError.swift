import ChatProtocol
import Conversation
import Models

extension TurnError {
    init(_ error: ModelError) {
        self.init(
            ErrorCode(error.code), message: error.message, retryable: error.retryable, retryAfter: error.retryAfter,
            upstreamStatus: error.status, upstreamRequestID: error.requestID)
    }
}

extension ErrorCode {
    init(_ code: ModelError.Code) {
        self =
            switch code {
            case .unreachable: .upstreamUnreachable
            case .timeout: .upstreamTimeout
            case .stalled: .upstreamStalled
            case .truncated: .upstreamTruncated
            case .rateLimited: .upstreamRateLimited
            case .overloaded: .upstreamOverloaded
            case .rejected: .upstreamRejected
            case .auth: .upstreamAuth
            case .malformed: .upstreamMalformed
            case .internal: .internal
            }
    }
}
