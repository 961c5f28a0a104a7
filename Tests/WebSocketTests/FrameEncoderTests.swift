import NIOCore
import Testing
import WebSocket

@Suite("Writing frames")
struct FrameEncoderTests {
    @Test(arguments: [0, 1, 124, 125, 126, 127, 65534, 65535, 65536, 70000])
    func `all ways to write a text write the same bytes`(length: Int) {
        let payload = ByteBuffer(bytes: (0..<length).map { UInt8(0x61 + $0 % 26) })
        let prefix = ByteBuffer(string: "before")
        var expected = prefix
        FrameEncoder.write(.text, payload: payload, into: &expected)

        var view = prefix
        FrameEncoder.writeText(payload.readableBytesView, into: &view)
        #expect(view == expected)

        var pointer = prefix
        payload.withUnsafeReadableBytes { FrameEncoder.writeText($0, into: &pointer) }
        #expect(pointer == expected)

        var inPlace = prefix
        FrameEncoder.writeText(into: &inPlace) { $0.writeImmutableBuffer(payload) }
        #expect(inPlace == expected)

        var behindHeader = prefix
        FrameEncoder.writeHeader(.text, payloadBytes: length, into: &behindHeader)
        #expect(behindHeader + payload == expected)
    }

    @Test func `frames that follow each other in a buffer are read one by one`() {
        var bytes = ByteBuffer()
        for number in 0..<100 {
            FrameEncoder.writeText(into: &bytes) { $0.writeString(String(repeating: "x", count: number * 3)) }
        }
        let expected = (0..<100).map {
            FrameDecoder.Element.text(ByteBuffer(string: String(repeating: "x", count: $0 * 3)))
        }
        #expect(decode(bytes, role: .client) == Decoded(elements: expected))
    }

    @Test func `the RFC's examples are written`() {
        #expect(Array(unmasked(.text, "Hello").readableBytesView) == [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
        #expect(Array(unmasked(.text, "Hel", isFinal: false).readableBytesView) == [0x01, 0x03, 0x48, 0x65, 0x6C])
        #expect(Array(unmasked(.continuation, "lo").readableBytesView) == [0x80, 0x02, 0x6C, 0x6F])
        #expect(
            Array(masked(.pong, "Hello").readableBytesView)
                == [0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
    }
}
