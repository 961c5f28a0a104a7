package import NIOCore

/// Bytes in, whole messages and control frames out.
///
/// Bytes may be cut anywhere. Payload is copied once, into the message that it belongs to, unmasked and checked there
/// as it arrives: nothing waits for a frame to be complete, and a read buffer is never held on to.
package struct FrameDecoder: Sendable {
    /// What the bytes turned out to be.
    package enum Element: Equatable, Sendable {
        /// A whole text message, valid UTF-8.
        case text(ByteBuffer)
        /// A whole binary message.
        case binary(ByteBuffer)
        case ping(ByteBuffer)
        case pong(ByteBuffer)
        /// The last one: whatever follows a close frame is discarded (RFC 6455 §5.5.1).
        case close(CloseFrame)
    }

    private enum Phase {
        case header
        case payload(FrameHeader, received: Int)
        case ended
    }

    private enum MessageKind {
        case text
        case binary
    }

    private let role: Role
    private let limits: FrameLimits
    private var phase = Phase.header
    /// The beginning of a header that a read cut; at most 13 bytes.
    private var cutHeader = ByteBuffer()
    /// The message whose frames are arriving; at most `maxMessageBytes`.
    private var message = ByteBuffer()
    private var messageKind: MessageKind?
    private var validator = UTF8Validator()
    /// The control frame that is arriving, which may be between the frames of a message; at most 125 bytes.
    private var control = ByteBuffer()

    /// - Parameter role: whose end this is: a server wants masks, a client wants none.
    package init(role: Role, limits: FrameLimits) {
        self.role = role
        self.limits = limits
    }

    /// Takes bytes from `input` up to the end of the next element; `nil` when they are all taken and none is complete.
    ///
    /// After an error the connection is to be failed, and the decoder not to be used again.
    package mutating func next(_ input: inout ByteBuffer) throws(ProtocolViolation) -> Element? {
        while true {
            switch self.phase {
            case .header:
                guard let header = try self.readHeader(&input) else { return nil }
                try self.begin(header)
                self.phase = .payload(header, received: 0)
            case .payload(let header, let received):
                let count = min(header.payloadBytes - received, input.readableBytes)
                try self.readPayload(&input, count: count, of: header, at: received)
                guard received + count == header.payloadBytes else {
                    self.phase = .payload(header, received: received + count)
                    return nil
                }
                self.phase = .header
                if let element = try self.finish(header) { return element }
            case .ended:
                input.moveReaderIndex(to: input.writerIndex)
                return nil
            }
        }
    }

    private mutating func readHeader(_ input: inout ByteBuffer) throws(ProtocolViolation) -> FrameHeader? {
        if self.cutHeader.readableBytes == 0 {
            if let (header, bytes) = try self.parseHeader(input) {
                input.moveReaderIndex(forwardBy: bytes)
                return header
            }
            self.cutHeader.writeBuffer(&input)
            return nil
        }
        // Byte by byte, so that none of the payload is taken with the header.
        while let byte = input.readInteger(as: UInt8.self) {
            self.cutHeader.writeInteger(byte)
            if let (header, _) = try self.parseHeader(self.cutHeader) {
                self.cutHeader = ByteBuffer()
                return header
            }
        }
        return nil
    }

    private func parseHeader(_ buffer: ByteBuffer) throws(ProtocolViolation) -> (header: FrameHeader, bytes: Int)? {
        let result = buffer.withUnsafeReadableBytes { bytes in
            Result { () throws(ProtocolViolation) in try FrameHeader.parse(bytes, role: self.role) }
        }
        return try result.get()
    }

    /// Checks a header against the message around it and the limits, before any payload is kept.
    private mutating func begin(_ header: FrameHeader) throws(ProtocolViolation) {
        switch header.opcode {
        case .text, .binary:
            // RFC 6455 §5.4: the fragments of one message must not be interleaved with those of another.
            guard self.messageKind == nil else { throw .messageInsideMessage }
            self.messageKind = header.opcode == .text ? .text : .binary
        case .continuation:
            guard self.messageKind != nil else { throw .continuationWithoutMessage }
        case .ping, .pong, .close:
            return
        }
        guard header.payloadBytes <= self.limits.maxFrameBytes else {
            throw .frameTooLarge(bytes: header.payloadBytes, limit: self.limits.maxFrameBytes)
        }
        let (messageBytes, overflow) = self.message.readableBytes.addingReportingOverflow(header.payloadBytes)
        guard !overflow, messageBytes <= self.limits.maxMessageBytes else {
            throw .messageTooLarge(bytes: overflow ? .max : messageBytes, limit: self.limits.maxMessageBytes)
        }
    }

    private mutating func readPayload(
        _ input: inout ByteBuffer, count: Int, of header: FrameHeader, at offset: Int
    ) throws(ProtocolViolation) {
        guard count > 0 else { return }
        if header.opcode.isControl {
            Self.move(count, from: &input, to: &self.control, maskingKey: header.maskingKey, at: offset)
            return
        }
        let start = self.message.readableBytes
        Self.move(count, from: &input, to: &self.message, maskingKey: header.maskingKey, at: offset)
        if self.messageKind == .text {
            var validator = self.validator
            let isValid = self.message.withUnsafeReadableBytes { bytes in
                validator.accepts(UnsafeRawBufferPointer(rebasing: bytes[start...]))
            }
            self.validator = validator
            // RFC 6455 §8.1: a text that is not UTF-8 fails the connection.
            guard isValid else { throw .textNotUTF8 }
        }
    }

    private static func move(
        _ count: Int, from input: inout ByteBuffer, to output: inout ByteBuffer, maskingKey: MaskingKey?, at offset: Int
    ) {
        input.readWithUnsafeReadableBytes { bytes in
            output.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            return count
        }
        guard let maskingKey else { return }
        let start = output.readableBytes - count
        output.withUnsafeMutableReadableBytes { bytes in
            maskingKey.apply(to: UnsafeMutableRawBufferPointer(rebasing: bytes[start...]), at: offset)
        }
    }

    /// What a frame completes; `nil` for a fragment with more to come.
    private mutating func finish(_ header: FrameHeader) throws(ProtocolViolation) -> Element? {
        switch header.opcode {
        case .ping:
            return .ping(self.takeControl())
        case .pong:
            return .pong(self.takeControl())
        case .close:
            let payload = self.takeControl()
            let frame = payload.withUnsafeReadableBytes { bytes in
                Result { () throws(ProtocolViolation) in try CloseFrame(payload: bytes) }
            }
            self.phase = .ended
            return .close(try frame.get())
        case .text, .binary, .continuation:
            guard header.isFinal else { return nil }
            let payload = self.message
            self.message = ByteBuffer()
            defer { self.messageKind = nil }
            guard self.messageKind == .text else { return .binary(payload) }
            // RFC 6455 §5.6: a fragment may end inside a character, the whole message may not.
            guard self.validator.isAtBoundary else { throw .textNotUTF8 }
            return .text(payload)
        }
    }

    private mutating func takeControl() -> ByteBuffer {
        defer { self.control = ByteBuffer() }
        return self.control
    }
}
