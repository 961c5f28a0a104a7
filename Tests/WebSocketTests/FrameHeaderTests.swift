import NIOCore
import Testing
import WebSocket

@Suite("RFC 6455 §5.2: the base framing")
struct FrameHeaderTests {
    @Test func `the RFC's example of a masked text is read`() {
        // §5.7: a single-frame masked text message, "Hello".
        let bytes: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(decode(ByteBuffer(bytes: bytes)).elements == [.text(ByteBuffer(string: "Hello"))])
    }

    @Test func `the RFC's example of an unmasked text is read by a client`() {
        let bytes: [UInt8] = [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]
        #expect(decode(ByteBuffer(bytes: bytes), role: .client).elements == [.text(ByteBuffer(string: "Hello"))])
    }

    @Test(arguments: 1...7)
    func `reserved bits are refused by the first byte`(bits: UInt8) {
        #expect(violation([0x81 | bits << 4]) == .reservedBits(bits))
    }

    @Test(arguments: [0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF] as [UInt8])
    func `reserved opcodes are refused by the first byte`(opcode: UInt8) {
        #expect(violation([0x80 | opcode]) == .unknownOpcode(opcode))
    }

    @Test func `a server refuses a frame without a mask`() {
        #expect(violation([0x81, 0x05]) == .unmaskedFrame)
        #expect(violation([0x81, 0x00]) == .unmaskedFrame)
    }

    @Test func `a client refuses a frame with a mask`() {
        #expect(violation([0x81, 0x85], role: .client) == .maskedFrame)
    }

    @Test(arguments: [0, 1, 125] as [UInt16])
    func `16 bits for a length of 125 or less are refused`(length: UInt16) {
        #expect(violation([0x82, 0xFE, UInt8(length >> 8), UInt8(length & 0xFF)]) == .lengthNotMinimal(UInt64(length)))
    }

    @Test(arguments: [0, 126, 65535] as [UInt64])
    func `64 bits for a length of 65535 or less are refused`(length: UInt64) {
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * $0)) }
        #expect(violation([0x82, 0xFF] + bytes) == .lengthNotMinimal(length))
    }

    @Test func `a length with its 64th bit set is refused`() {
        #expect(violation([0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0]) == .lengthOver63Bits)
        #expect(violation([UInt8]([0x82, 0xFF]) + [UInt8](repeating: 0xFF, count: 8)) == .lengthOver63Bits)
    }

    @Test(arguments: [0, 1, 125, 126, 127, 65535, 65536, 70000])
    func `lengths around each encoding's border are read and written`(length: Int) {
        let payload = ByteBuffer(repeating: 0x61, count: length)
        #expect(decode(masked(.text, payload)) == Decoded(elements: [.text(payload)]))
        var written = ByteBuffer()
        FrameEncoder.write(.binary, payload: payload, into: &written)
        #expect(written.readableBytes == length + (length <= 125 ? 2 : length <= 65535 ? 4 : 10))
        #expect(decode(written, role: .client) == Decoded(elements: [.binary(payload)]))
    }

    @Test func `a header waits for its last byte`() throws {
        let header: [UInt8] = [0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4]
        for count in 0..<header.count {
            let result = try header[..<count].withUnsafeBytes { try FrameHeader.parse($0, role: .server) }
            #expect(result == nil)
        }
        let result = try header.withUnsafeBytes { try FrameHeader.parse($0, role: .server) }
        #expect(result?.bytes == FrameHeader.maxBytes)
        #expect(
            result?.header
                == FrameHeader(
                    isFinal: true, opcode: .binary, maskingKey: MaskingKey(1, 2, 3, 4), payloadBytes: 65536))
    }
}

@Suite("RFC 6455 §5.3: masking")
struct MaskingTests {
    @Test(arguments: 0...3)
    func `every length and offset unmasks as the RFC's formula`(offset: Int) {
        let key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
        for length in 0...67 {
            let plain = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }
            // transformed-octet-i = original-octet-i XOR masking-key-octet-(i MOD 4)
            let expected = plain.enumerated().map { $1 ^ key[($0 + offset) % 4] }
            var bytes = plain
            bytes.withUnsafeMutableBytes { MaskingKey(key[0], key[1], key[2], key[3]).apply(to: $0, at: offset) }
            #expect(bytes == expected, "length \(length)")
        }
    }

    @Test func `a random key masks what the same key unmasks`() {
        let key = MaskingKey.random()
        var bytes = ByteBuffer()
        FrameEncoder.write(.text, payload: ByteBuffer(string: "hello, world"), maskingKey: key, into: &bytes)
        #expect(bytes.readableBytesView[1] == 0x80 | 12 as UInt8)
        #expect(decode(bytes).elements == [.text(ByteBuffer(string: "hello, world"))])
    }
}
