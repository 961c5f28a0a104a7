import NIOCore
import Testing
import WebSocket

@Suite("RFC 6455 §10.4: limits")
struct LimitTests {
    private let limits = FrameLimits(maxFrameBytes: 100, maxMessageBytes: 150)

    @Test func `a frame's size is checked by its header alone`() {
        let header: [UInt8] = [0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4]
        #expect(violation(header, limits: self.limits) == .frameTooLarge(bytes: .max, limit: 100))
        #expect(
            violation([0x82, 0x80 | 101, 1, 2, 3, 4], limits: self.limits) == .frameTooLarge(bytes: 101, limit: 100))
        #expect(violation([0x82, 0x80 | 100, 1, 2, 3, 4], limits: self.limits) == nil)
    }

    @Test func `a message's size is checked by the header that exceeds it`() {
        let first = masked(.binary, ByteBuffer(repeating: 0, count: 100), isFinal: false)
        let within = first + masked(.continuation, ByteBuffer(repeating: 0, count: 50))
        #expect(decode(within, limits: self.limits).elements == [.binary(ByteBuffer(repeating: 0, count: 150))])
        let beyond = first + ByteBuffer(bytes: [0x80, 0x80 | 51, 1, 2, 3, 4])
        #expect(decode(beyond, limits: self.limits).violation == .messageTooLarge(bytes: 151, limit: 150))
    }

    @Test func `a message's size does not overflow`() {
        let limits = FrameLimits(maxFrameBytes: .max, maxMessageBytes: .max)
        let bytes =
            masked(.binary, "x", isFinal: false)
            + ByteBuffer(bytes: [0x80, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4])
        #expect(decode(bytes, limits: limits).violation == .messageTooLarge(bytes: .max, limit: .max))
    }

    @Test func `messages one after the other have the whole limit each`() {
        let message = masked(.binary, ByteBuffer(repeating: 0, count: 100))
        #expect(decode(message + message + message, limits: self.limits).elements.count == 3)
    }

    @Test func `control frames do not count towards a message`() {
        let bytes =
            masked(.binary, ByteBuffer(repeating: 0, count: 100), isFinal: false)
            + masked(.ping, ByteBuffer(repeating: 1, count: 125))
            + masked(.continuation, ByteBuffer(repeating: 0, count: 50))
        #expect(decode(bytes, limits: self.limits).elements.count == 2)
    }
}
