package import Conversation
package import NIOCore

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
