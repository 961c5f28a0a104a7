/// What a peer did that ends the connection (RFC 6455 §7.1.7, "fail the WebSocket connection").
package enum ProtocolViolation: Error, Equatable, Sendable {
    /// RSV1 to RSV3 set without an extension; the three bits as a number.
    case reservedBits(UInt8)
    case unknownOpcode(UInt8)
    /// A client sent a frame without a mask.
    case unmaskedFrame
    /// A server sent a frame with a mask.
    case maskedFrame
    /// The length was written in more bytes than it needs.
    case lengthNotMinimal(UInt64)
    /// The 64-bit length has its most significant bit set.
    case lengthOver63Bits
    /// A control frame that says it has more than 125 bytes.
    case controlFrameTooLong
    case fragmentedControlFrame
    /// A continuation frame with no message to continue.
    case continuationWithoutMessage
    /// A new message began inside a fragmented one.
    case messageInsideMessage
    case frameTooLarge(bytes: Int, limit: Int)
    case messageTooLarge(bytes: Int, limit: Int)
    /// A text message that is not UTF-8.
    case textNotUTF8
    case closePayloadOfOneByte
    case closeCodeNotAllowed(CloseCode)
    case closeReasonNotUTF8
    /// A binary message where only text is spoken.
    case binaryNotAccepted

    /// The code that the close frame carries.
    package var closeCode: CloseCode {
        switch self {
        case .reservedBits, .unknownOpcode, .unmaskedFrame, .maskedFrame, .lengthNotMinimal, .lengthOver63Bits,
            .controlFrameTooLong, .fragmentedControlFrame, .continuationWithoutMessage, .messageInsideMessage,
            .closePayloadOfOneByte, .closeCodeNotAllowed:
            .protocolError
        case .frameTooLarge, .messageTooLarge:
            .messageTooBig
        case .textNotUTF8, .closeReasonNotUTF8:
            .invalidPayload
        case .binaryNotAccepted:
            .unsupportedData
        }
    }
}

extension ProtocolViolation: CustomStringConvertible {
    /// The reason that the close frame carries, for whoever writes the client.
    package var description: String {
        switch self {
        case .reservedBits(let bits): "reserved bits \(bits) set without an extension"
        case .unknownOpcode(let opcode): "unknown opcode \(opcode)"
        case .unmaskedFrame: "a client must mask its frames"
        case .maskedFrame: "a server must not mask its frames"
        case .lengthNotMinimal(let length): "length \(length) not in its shortest form"
        case .lengthOver63Bits: "length of more than 63 bits"
        case .controlFrameTooLong: "control frame of more than 125 bytes"
        case .fragmentedControlFrame: "fragmented control frame"
        case .continuationWithoutMessage: "continuation without a message"
        case .messageInsideMessage: "new message inside a fragmented one"
        case .frameTooLarge(let bytes, let limit): "frame of \(bytes) bytes, limit \(limit)"
        case .messageTooLarge(let bytes, let limit): "message of \(bytes) bytes, limit \(limit)"
        case .textNotUTF8: "text is not UTF-8"
        case .closePayloadOfOneByte: "close frame of one byte"
        case .closeCodeNotAllowed(let code): "close code \(code) not allowed"
        case .closeReasonNotUTF8: "close reason is not UTF-8"
        case .binaryNotAccepted: "only text messages are taken"
        }
    }
}
