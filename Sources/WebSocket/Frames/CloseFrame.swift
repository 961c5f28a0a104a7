/// What a close frame says, RFC 6455 §5.5.1.
package struct CloseFrame: Equatable, Sendable {
    /// 123 bytes: what RFC 6455 §5.5 leaves of a control frame's 125 once the code has taken two.
    package static let maxReasonBytes = 123

    /// `noStatusReceived` stands for a close frame without a body.
    package let code: CloseCode
    /// For a person; at most `maxReasonBytes` bytes of UTF-8.
    package let reason: String

    /// A frame that may be sent: a reason that is too long is cut at a character's border, a code that must not be
    /// on the wire becomes `internalError`, and a frame without a code carries no reason.
    package init(_ code: CloseCode, reason: String = "") {
        if code == .noStatusReceived {
            self.code = code
            self.reason = ""
            return
        }
        self.code = code.isAllowedOnTheWire ? code : .internalError
        if reason.utf8.count <= Self.maxReasonBytes {
            self.reason = reason
        } else {
            var cut = String.UnicodeScalarView()
            var bytes = 0
            for scalar in reason.unicodeScalars {
                bytes += UTF8.width(scalar)
                guard bytes <= Self.maxReasonBytes else { break }
                cut.append(scalar)
            }
            self.reason = String(cut)
        }
    }

    /// Reads a close frame's unmasked payload.
    init(payload: UnsafeRawBufferPointer) throws(ProtocolViolation) {
        if payload.isEmpty {
            self.init(.noStatusReceived)
            return
        }
        // RFC 6455 §5.5.1: if there is a body, the first two bytes must be an unsigned integer, the code.
        guard payload.count >= 2 else { throw .closePayloadOfOneByte }
        let code = CloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
        guard code.isAllowedOnTheWire else { throw .closeCodeNotAllowed(code) }
        // RFC 6455 §8.1 and §5.5.1: the rest is UTF-8.
        let reason = UnsafeRawBufferPointer(rebasing: payload[2...])
        var validator = UTF8Validator()
        guard validator.accepts(reason), validator.isAtBoundary else { throw .closeReasonNotUTF8 }
        self.init(code, reason: String(decoding: reason, as: UTF8.self))
    }
}
