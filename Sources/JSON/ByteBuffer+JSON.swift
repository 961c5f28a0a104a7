package import NIOCore

extension ByteBuffer {
    /// Writes a JSON string literal with its quotes.
    package mutating func writeJSONString(_ string: String) {
        self.writeInteger(UInt8(ascii: "\""))
        var string = string
        string.withUTF8 { self.writeJSONEscaped(UnsafeRawBufferPointer($0)) }
        self.writeInteger(UInt8(ascii: "\""))
    }

    /// Writes UTF-8 as the inside of a JSON string literal: RFC 8259 §7 wants `"`, `\` and the control characters escaped.
    package mutating func writeJSONEscaped(_ utf8: UnsafeRawBufferPointer) {
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "\""): self.writeString("\\\"")
            case UInt8(ascii: "\\"): self.writeString("\\\\")
            case 0..<0x20: self.writeString("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
            default: self.writeInteger(byte)
            }
        }
    }
}
