import Conversation
package import NIOCore

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

/// A close code of a chat connection: RFC 6455 §7.4.1, and the protocol's own in 4000 to 4999, which §7.4.2 leaves to us.
package enum ChatCloseCode: UInt16, Hashable, Sendable {
    case normal = 1000
    case goingAway = 1001
    case unsupportedData = 1003
    /// Too slow to read, or a flood of frames.
    case policyViolation = 1008
    case internalError = 1011
    case restarting = 1012
    case overloaded = 1013
    case unauthorised = 4401
    /// Nothing was said in time.
    case silent = 4408
    case tooMany = 4429
}

/// A refusal of one command, as its `error` frame says it.
package struct CommandError: Error, Hashable, Sendable {
    package var code: ErrorCode
    /// For a person: names the field and the bound.
    package var message: String
    package var field: String?
    /// Whether the same command may succeed later.
    package var retryable: Bool
    package var retryAfter: Duration?

    /// The longest message, in Unicode scalars: a sentence or two.
    private static let messageScalars = 1000

    package init(
        _ code: ErrorCode, _ message: String, field: String? = nil, retryable: Bool = false, retryAfter: Duration? = nil
    ) {
        self.code = code
        // It may quote what the client sent.
        self.message = message.firstScalars(Self.messageScalars)
        self.field = field
        self.retryable = retryable
        self.retryAfter = retryAfter
    }

    /// The `error` frame.
    package func frame(ref: String?) -> ByteBuffer {
        var frame = FrameWriter(type: "error")
        frame.field("code", code.rawValue)
        frame.field("message", message)
        frame.field("retryable", retryable)
        frame.field("retry_after_ms", retryAfter?.wholeMilliseconds)
        frame.field("field", field)
        frame.field("ref", ref)
        return frame.end()
    }
}

extension Duration {
    /// The duration in whole milliseconds, as the protocol writes durations.
    package var wholeMilliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
