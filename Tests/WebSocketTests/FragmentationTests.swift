import NIOCore
import Testing
import WebSocket

@Suite("RFC 6455 §5.4: fragmentation")
struct FragmentationTests {
    @Test func `fragments are one message`() {
        let bytes =
            masked(.text, "Hel", isFinal: false) + masked(.continuation, "lo, ", isFinal: false)
            + masked(.continuation, "world")
        #expect(decode(bytes) == Decoded(elements: [.text(ByteBuffer(string: "Hello, world"))]))
    }

    @Test func `empty fragments are part of a message`() {
        let bytes =
            masked(.binary, "", isFinal: false) + masked(.continuation, "", isFinal: false) + masked(.continuation, "")
        #expect(decode(bytes) == Decoded(elements: [.binary(ByteBuffer())]))
    }

    @Test func `control frames may come between fragments`() {
        let bytes =
            masked(.text, "Hel", isFinal: false) + masked(.ping, "are you there") + masked(.continuation, "lo")
            + masked(.pong, "")
        #expect(
            decode(bytes)
                == Decoded(elements: [
                    .ping(ByteBuffer(string: "are you there")), .text(ByteBuffer(string: "Hello")), .pong(ByteBuffer()),
                ]))
    }

    @Test func `a continuation needs a message to continue`() {
        #expect(decode(masked(.continuation, "x")).violation == .continuationWithoutMessage)
        let bytes = masked(.text, "whole") + masked(.continuation, "x")
        #expect(
            decode(bytes)
                == Decoded(elements: [.text(ByteBuffer(string: "whole"))], violation: .continuationWithoutMessage))
    }

    @Test(arguments: [Opcode.text, .binary])
    func `a message may not begin inside another`(opcode: Opcode) {
        let bytes = masked(.text, "Hel", isFinal: false) + masked(opcode, "lo")
        #expect(decode(bytes) == Decoded(violation: .messageInsideMessage))
    }

    @Test func `cut at every byte, the same messages come out once`() {
        let bytes =
            masked(.text, "Hëllo", isFinal: false) + masked(.ping, "p") + masked(.continuation, ", wörld €😀")
            + masked(.binary, ByteBuffer(repeating: 9, count: 300)) + masked(.text, "") + masked(.close, "")
        let whole = decode(bytes)
        #expect(whole.elements.count == 5)
        #expect(whole.violation == nil)
        for index in 0...bytes.readableBytes {
            #expect(decode(cut(bytes, at: index)) == whole, "cut at \(index)")
        }
        let single = bytes.readableBytesView.map { ByteBuffer(bytes: [$0]) }
        #expect(decode(single) == whole)
    }
}

@Suite("RFC 6455 §5.5: control frames")
struct ControlFrameTests {
    @Test(arguments: [Opcode.close, .ping, .pong])
    func `a control frame may not be fragmented`(opcode: Opcode) {
        #expect(violation([opcode.rawValue]) == .fragmentedControlFrame)
    }

    @Test(arguments: [Opcode.close, .ping, .pong], [126, 127] as [UInt8])
    func `a control frame has 125 bytes at most`(opcode: Opcode, length: UInt8) {
        #expect(violation([0x80 | opcode.rawValue, 0x80 | length]) == .controlFrameTooLong)
    }

    @Test func `a ping of 125 bytes is taken`() {
        let payload = ByteBuffer(repeating: 0xFE, count: 125)
        #expect(decode(masked(.ping, payload)) == Decoded(elements: [.ping(payload)]))
    }

    @Test func `a close frame may be empty`() {
        #expect(decode(masked(.close, "")).elements == [.close(CloseFrame(.noStatusReceived))])
    }

    @Test func `a close frame of one byte is refused`() {
        #expect(decode(masked(.close, "x")).violation == .closePayloadOfOneByte)
    }

    @Test func `a close frame's code and reason are read`() {
        var payload = ByteBuffer(integer: UInt16(4001))
        payload.writeString("bye, mönde")
        let close = CloseFrame(CloseCode(rawValue: 4001), reason: "bye, mönde")
        #expect(decode(masked(.close, payload)).elements == [.close(close)])
    }

    @Test func `what follows a close frame is discarded`() {
        let bytes = masked(.close, "") + masked(.text, "late") + ByteBuffer(bytes: [0xFF, 0xFF])
        #expect(decode(bytes) == Decoded(elements: [.close(CloseFrame(.noStatusReceived))]))
    }
}

@Suite("RFC 6455 §7.4: close codes")
struct CloseCodeTests {
    @Test(arguments: [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1014, 3000, 3999, 4000, 4999])
    func `codes that may be sent are taken`(code: UInt16) {
        let close = CloseFrame(CloseCode(rawValue: code))
        #expect(decode(masked(.close, ByteBuffer(integer: code))).elements == [.close(close)])
    }

    @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
    func `codes that must not be sent are refused`(code: UInt16) {
        let refused = ProtocolViolation.closeCodeNotAllowed(CloseCode(rawValue: code))
        #expect(decode(masked(.close, ByteBuffer(integer: code))).violation == refused)
    }

    @Test func `a reason must be UTF-8`() {
        for reason in [[0xFF], [0xC3], [0xED, 0xA0, 0x80]] as [[UInt8]] {
            let payload = ByteBuffer(integer: UInt16(1000)) + ByteBuffer(bytes: reason)
            #expect(decode(masked(.close, payload)).violation == .closeReasonNotUTF8)
        }
    }

    @Test func `a reason that is too long is cut between two characters`() {
        let close = CloseFrame(.normal, reason: String(repeating: "€", count: 50))
        #expect(close.reason == String(repeating: "€", count: 41))
        var bytes = ByteBuffer()
        FrameEncoder.writeClose(close, into: &bytes)
        #expect(bytes.readableBytes == 2 + 125)
        #expect(decode(bytes, role: .client).elements == [.close(close)])
    }

    @Test func `a code that must not be on the wire is sent as 1011`() {
        #expect(CloseFrame(.abnormalClosure, reason: "gone").code == .internalError)
        var bytes = ByteBuffer()
        FrameEncoder.writeClose(CloseFrame(.noStatusReceived, reason: "dropped"), into: &bytes)
        #expect(Array(bytes.readableBytesView) == [0x88, 0x00])
    }

    @Test func `each violation has the code that the RFC names`() {
        #expect(ProtocolViolation.unmaskedFrame.closeCode == .protocolError)
        #expect(ProtocolViolation.textNotUTF8.closeCode == .invalidPayload)
        #expect(ProtocolViolation.messageTooLarge(bytes: 2, limit: 1).closeCode == .messageTooBig)
        #expect(ProtocolViolation.binaryNotAccepted.closeCode == .unsupportedData)
    }
}
