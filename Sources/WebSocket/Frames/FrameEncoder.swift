package import NIOCore

/// Frames into a buffer. Without a masking key for a server, with a new random one for each frame for a client.
package enum FrameEncoder {
    /// The longest header of an unmasked frame, in bytes.
    private static let maxUnmaskedHeaderBytes = 10

    /// One whole unmasked text message. The server's hot path: no allocation beyond `buffer`'s own growth.
    /// - Parameter payload: UTF-8; it is not checked.
    package static func writeText(_ payload: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.maxUnmaskedHeaderBytes + payload.count) { space in
            let headerBytes = Self.storeHeader(0x81, payloadBytes: payload.count, in: space)
            UnsafeMutableRawBufferPointer(rebasing: space[headerBytes...]).copyMemory(from: payload)
            return headerBytes + payload.count
        }
    }

    /// One whole unmasked text message.
    /// - Parameter payload: UTF-8; it is not checked.
    package static func writeText(_ payload: ByteBufferView, into buffer: inout ByteBuffer) {
        payload.withUnsafeBytes { Self.writeText($0, into: &buffer) }
    }

    /// One whole unmasked text message whose payload `body` writes in its place, with no buffer between.
    ///
    /// - Parameter body: appends UTF-8 to the buffer, and does nothing else to it.
    package static func writeText(into buffer: inout ByteBuffer, body: (inout ByteBuffer) -> Void) {
        // Room for the header of 126 to 65,535 bytes. A shorter payload moves back by two, which are at most 125 bytes.
        let start = buffer.writerIndex
        buffer.writeInteger(UInt32(0))
        let guess = start + 4
        body(&buffer)
        let payloadBytes = buffer.writerIndex - guess
        let headerBytes = payloadBytes <= 125 ? 2 : payloadBytes <= Int(UInt16.max) ? 4 : 10
        if headerBytes > 4 { buffer.writeRepeatingByte(0, count: headerBytes - 4) }
        let written = buffer.writerIndex
        // The storage from its start, as the payload moves within what was written just above.
        buffer.withVeryUnsafeMutableBytes { storage in
            let frame = UnsafeMutableRawBufferPointer(rebasing: storage[start..<written])
            if headerBytes != 4 {
                let payload = UnsafeRawBufferPointer(rebasing: frame[4..<(4 + payloadBytes)])
                UnsafeMutableRawBufferPointer(rebasing: frame[headerBytes...]).copyMemory(from: payload)
            }
            _ = Self.storeHeader(0x81, payloadBytes: payloadBytes, in: frame)
        }
        buffer.moveWriterIndex(to: start + headerBytes + payloadBytes)
    }

    /// The header of one whole unmasked message, for a payload that is written behind it without being copied.
    package static func writeHeader(_ opcode: Opcode, payloadBytes: Int, into buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.maxUnmaskedHeaderBytes) { space in
            Self.storeHeader(0x80 | opcode.rawValue, payloadBytes: payloadBytes, in: space)
        }
    }

    /// Any frame, masked where there is a key.
    package static func write(
        _ opcode: Opcode, payload: ByteBuffer, isFinal: Bool = true, maskingKey: MaskingKey? = nil,
        into buffer: inout ByteBuffer
    ) {
        let firstByte = (isFinal ? 0x80 : 0) | opcode.rawValue
        buffer.writeWithUnsafeMutableBytes(
            minimumWritableBytes: FrameHeader.maxBytes + payload.readableBytes
        ) { space in
            var headerBytes = Self.storeHeader(firstByte, payloadBytes: payload.readableBytes, in: space)
            if let key = maskingKey?.bytes {
                space[1] |= 0x80
                (space[headerBytes], space[headerBytes + 1]) = (key.0, key.1)
                (space[headerBytes + 2], space[headerBytes + 3]) = (key.2, key.3)
                headerBytes += 4
            }
            let frameBytes = headerBytes + payload.readableBytes
            let body = UnsafeMutableRawBufferPointer(rebasing: space[headerBytes..<frameBytes])
            payload.withUnsafeReadableBytes { body.copyMemory(from: $0) }
            maskingKey?.apply(to: body, at: 0)
            return frameBytes
        }
    }

    /// A close frame, RFC 6455 §5.5.1.
    package static func writeClose(
        _ frame: CloseFrame, maskingKey: MaskingKey? = nil, into buffer: inout ByteBuffer
    ) {
        var payload = ByteBuffer()
        if frame.code != .noStatusReceived {
            payload.writeInteger(frame.code.rawValue)
            payload.writeString(frame.reason)
        }
        Self.write(.close, payload: payload, maskingKey: maskingKey, into: &buffer)
    }

    /// RFC 6455 §5.2: the length in the minimal number of bytes, in network byte order.
    /// - Returns: the header's length in bytes, without a key.
    private static func storeHeader(
        _ firstByte: UInt8, payloadBytes: Int, in space: UnsafeMutableRawBufferPointer
    ) -> Int {
        space[0] = firstByte
        if payloadBytes <= 125 {
            space[1] = UInt8(truncatingIfNeeded: payloadBytes)
            return 2
        }
        if payloadBytes <= Int(UInt16.max) {
            space[1] = 126
            space[2] = UInt8(truncatingIfNeeded: payloadBytes >> 8)
            space[3] = UInt8(truncatingIfNeeded: payloadBytes)
            return 4
        }
        space[1] = 127
        space.storeBytes(of: UInt64(payloadBytes).bigEndian, toByteOffset: 2, as: UInt64.self)
        return 10
    }
}
