package import NIOCore

extension ByteBuffer {
    /// Writes a JSON string literal with its quotes.
    package mutating func writeJSONString(_ string: String) {
        var string = string
        string.withUTF8 { self.writeJSONString(utf8: UnsafeRawBufferPointer($0)) }
    }

    /// Writes UTF-8 as a JSON string literal with its quotes.
    package mutating func writeJSONString(utf8: UnsafeRawBufferPointer) {
        self.reserveCapacity(minimumWritableBytes: utf8.count + 2)
        self.writeInteger(UInt8(ascii: "\""))
        self.writeJSONEscaped(utf8)
        self.writeInteger(UInt8(ascii: "\""))
    }

    /// Writes UTF-8 as the inside of a JSON string literal: RFC 8259 §7 wants `"`, `\` and the control characters escaped.
    package mutating func writeJSONEscaped(_ utf8: UnsafeRawBufferPointer) {
        guard utf8.count <= Self.shortTextLimitBytes else {
            return JSONEscaping.forEachPiece(of: utf8) { self.writeBytes($0) }
        }
        // A token's text: room for the worst case is cheap, and then nothing needs to be checked on the way.
        self.writeWithUnsafeMutableBytes(minimumWritableBytes: JSONEscaping.longestEscape * utf8.count) { room in
            JSONEscaping.escape(utf8, into: room)
        }
    }

    /// Up to 256 bytes, six times the room is reserved; longer texts are written run by run.
    private static var shortTextLimitBytes: Int { 256 }

    /// Writes a value as JSON text, keys sorted.
    package mutating func writeJSON(_ value: JSONValue) {
        var text: [UInt8] = []
        value.write(to: &text)
        self.writeBytes(text)
    }
}
