import NIOCore
import Testing
import WebSocket

/// Whether bytes given in pieces are UTF-8, and how many were taken before they could not be.
private func validate(_ pieces: [[UInt8]]) -> Bool {
    var validator = UTF8Validator()
    for piece in pieces {
        guard piece.withUnsafeBytes({ validator.accepts($0) }) else { return false }
    }
    return validator.isAtBoundary
}

@Suite("RFC 6455 §8.1: invalid UTF-8")
struct UTF8Tests {
    @Test func `every scalar's bytes are valid, whole and byte by byte`() {
        var scalar: UInt32 = 0
        while scalar <= 0x10FFFF {
            if let character = Unicode.Scalar(scalar) {
                let bytes = Array(String(character).utf8)
                #expect(validate([bytes]) && validate(bytes.map { [$0] }), "U+\(String(scalar, radix: 16))")
            }
            // All of the short forms and borders, a sample of the rest.
            scalar += scalar < 0x900 || scalar & 0xFFF < 4 || scalar & 0xFFF > 0xFFB ? 1 : 251
        }
    }

    @Test func `every sequence of up to three bytes is judged as the standard library does`() {
        let interesting: [UInt8] = [
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
            0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFF,
        ]
        for first in interesting {
            for second in interesting {
                for third in interesting {
                    for fourth in [0x41, 0x80, 0xBF] as [UInt8] {
                        let bytes = [first, second, third, fourth]
                        #expect(validate([bytes]) == (String(validating: bytes, as: UTF8.self) != nil), "\(bytes)")
                    }
                }
            }
        }
    }

    @Test func `a mistake is found at each offset beside long ASCII`() {
        for offset in 0..<40 {
            var bytes = [UInt8](repeating: 0x61, count: 40)
            bytes[offset] = 0x80
            #expect(!validate([bytes]))
            bytes[offset] = 0x61
            bytes.replaceSubrange(offset..<offset, with: Array("😀".utf8))
            #expect(validate([bytes]))
            for index in 0...bytes.count {
                #expect(validate([Array(bytes[..<index]), Array(bytes[index...])]))
            }
        }
    }

    @Test func `a character may be cut by a fragment's end`() {
        let euro = Array("€".utf8)
        let bytes =
            masked(.text, ByteBuffer(bytes: euro[..<1]), isFinal: false)
            + masked(.continuation, ByteBuffer(bytes: euro[1...]))
        #expect(decode(bytes) == Decoded(elements: [.text(ByteBuffer(string: "€"))]))
    }

    @Test func `a character may not be cut by a message's end`() {
        #expect(decode(masked(.text, ByteBuffer(bytes: [0xE2, 0x82]))).violation == .textNotUTF8)
        let next = masked(.text, ByteBuffer(bytes: [0xE2]), isFinal: false) + masked(.continuation, "")
        #expect(decode(next).violation == .textNotUTF8)
    }

    @Test func `a frame that cannot become UTF-8 fails before it is complete`() {
        var bytes = masked(.text, ByteBuffer(bytes: Array("ok".utf8) + [0xED, 0xA0] + Array("and much more".utf8)))
        // Masked header of six bytes, two good ones, a surrogate's two: nothing else has arrived.
        let beginning = bytes.readSlice(length: 10) ?? ByteBuffer()
        #expect(decode(beginning).violation == .textNotUTF8)
    }

    @Test func `a fragment that cannot become UTF-8 fails before the message is complete`() {
        let bytes =
            masked(.text, ByteBuffer(bytes: [0xF4]), isFinal: false)
            + masked(.continuation, ByteBuffer(bytes: [0x90]), isFinal: false)
        #expect(decode(bytes).violation == .textNotUTF8)
    }

    @Test func `a text after another starts anew, a binary message is not checked`() {
        let bytes =
            masked(.text, "é") + masked(.binary, ByteBuffer(bytes: [0xFF, 0xC3])) + masked(.text, "plain")
        #expect(decode(bytes).violation == nil)
        #expect(decode(bytes).elements.count == 3)
    }
}
