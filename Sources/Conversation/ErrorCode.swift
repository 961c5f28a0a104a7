/// The protocol's error codes: a closed list.
package enum ErrorCode: String, Hashable, Sendable, CaseIterable {
    // The frame.
    case badJSON = "bad_json"
    case unknownType = "unknown_type"
    case badField = "bad_field"
    case tooLarge = "too_large"
    case messageTooLong = "message_too_long"
    case notOpen = "not_open"
    case notFound = "not_found"
    case busy
    case conflict
    // The caller.
    case unauthorised
    case rateLimited = "rate_limited"
    case quotaExceeded = "quota_exceeded"
    case overloaded
    // The model's side.
    case upstreamUnreachable = "upstream_unreachable"
    case upstreamTimeout = "upstream_timeout"
    case upstreamStalled = "upstream_stalled"
    case upstreamTruncated = "upstream_truncated"
    case upstreamRateLimited = "upstream_rate_limited"
    case upstreamOverloaded = "upstream_overloaded"
    case upstreamRejected = "upstream_rejected"
    case upstreamAuth = "upstream_auth"
    case upstreamMalformed = "upstream_malformed"
    // Ours.
    case storage
    case `internal`
}
