/// A frame's header, RFC 6455 §5.2.
package struct FrameHeader: Equatable, Sendable {
    /// 14 bytes: two, a 64-bit length and a key.
    package static let maxBytes = 14

    package var isFinal: Bool
    package var opcode: Opcode
    /// `nil` where the frame is not masked.
    package var maskingKey: MaskingKey?
    /// The payload's length in bytes, as the header says it.
    package var payloadBytes: Int

    package init(isFinal: Bool, opcode: Opcode, maskingKey: MaskingKey?, payloadBytes: Int) {
        self.isFinal = isFinal
        self.opcode = opcode
        self.maskingKey = maskingKey
        self.payloadBytes = payloadBytes
    }

    /// Reads a header from the front of `bytes`; `nil` while there are too few. What is wrong is told by the first
    /// byte that shows it.
    /// - Parameter role: the reader's.
    /// - Returns: the header, and how many bytes it took.
    package static func parse(
        _ bytes: UnsafeRawBufferPointer, role: Role
    ) throws(ProtocolViolation) -> (header: FrameHeader, bytes: Int)? {
        guard bytes.count >= 1 else { return nil }
        // RFC 6455 §5.2: RSV1 to RSV3 must be 0 unless an extension gives them a meaning.
        guard bytes[0] & 0x70 == 0 else { throw .reservedBits((bytes[0] & 0x70) >> 4) }
        let isFinal = bytes[0] & 0x80 != 0
        // RFC 6455 §5.2: on an unknown opcode, the receiver must fail the connection.
        guard let opcode = Opcode(rawValue: bytes[0] & 0x0F) else { throw .unknownOpcode(bytes[0] & 0x0F) }
        // RFC 6455 §5.5: control frames must not be fragmented.
        guard isFinal || !opcode.isControl else { throw .fragmentedControlFrame }

        guard bytes.count >= 2 else { return nil }
        let isMasked = bytes[1] & 0x80 != 0
        switch (role, isMasked) {
        // RFC 6455 §5.1: a server must close the connection on a frame that is not masked, a client on one that is.
        case (.server, false): throw .unmaskedFrame
        case (.client, true): throw .maskedFrame
        case (.server, true), (.client, false): break
        }

        let shortLength = bytes[1] & 0x7F
        // RFC 6455 §5.5: control frames have 125 bytes or less.
        guard shortLength <= 125 || !opcode.isControl else { throw .controlFrameTooLong }
        var index = 2
        let payloadBytes: Int
        switch shortLength {
        case 126:
            guard bytes.count >= 4 else { return nil }
            let length = UInt64(bytes[2]) << 8 | UInt64(bytes[3])
            // RFC 6455 §5.2: the minimal number of bytes must be used to encode the length.
            guard length > 125 else { throw .lengthNotMinimal(length) }
            payloadBytes = Int(length)
            index = 4
        case 127:
            guard bytes.count >= 10 else { return nil }
            var length: UInt64 = 0
            for byte in bytes[2..<10] { length = length << 8 | UInt64(byte) }
            // RFC 6455 §5.2: the most significant bit must be 0.
            guard let exact = Int(exactly: length) else { throw .lengthOver63Bits }
            guard length > UInt64(UInt16.max) else { throw .lengthNotMinimal(length) }
            payloadBytes = exact
            index = 10
        default:
            payloadBytes = Int(shortLength)
        }

        guard isMasked else {
            return (
                FrameHeader(isFinal: isFinal, opcode: opcode, maskingKey: nil, payloadBytes: payloadBytes), index
            )
        }
        guard bytes.count >= index + 4 else { return nil }
        let key = MaskingKey(bytes[index], bytes[index + 1], bytes[index + 2], bytes[index + 3])
        return (FrameHeader(isFinal: isFinal, opcode: opcode, maskingKey: key, payloadBytes: payloadBytes), index + 4)
    }
}
