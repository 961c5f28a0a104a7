/// Why a call to a model failed, in the protocol's words.
package struct ModelError: Error, Hashable, Sendable {
    package enum Code: String, Hashable, Sendable, CaseIterable {
        case unreachable = "upstream_unreachable"
        case timeout = "upstream_timeout"
        case stalled = "upstream_stalled"
        case truncated = "upstream_truncated"
        case rateLimited = "upstream_rate_limited"
        case overloaded = "upstream_overloaded"
        case rejected = "upstream_rejected"
        case auth = "upstream_auth"
        case malformed = "upstream_malformed"
        case `internal` = "internal"
    }

    package var code: Code
    /// For a person: the provider's words with any key removed, cut to 1,000 scalars.
    package var message: String
    package var retryable: Bool
    /// How long the provider asked us to wait.
    package var retryAfter: Duration?
    /// The HTTP status, where there was one.
    package var status: Int?
    package var requestID: String?

    package init(
        _ code: Code, message: String, retryable: Bool, retryAfter: Duration? = nil, status: Int? = nil,
        requestID: String? = nil
    ) {
        self.code = code
        self.message = message
        self.retryable = retryable
        self.retryAfter = retryAfter
        self.status = status
        self.requestID = requestID
    }
}
