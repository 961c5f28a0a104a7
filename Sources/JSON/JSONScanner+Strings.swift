extension JSONScanner {
    /// Appends a string's UTF-8 to `text`, escapes resolved. A lone surrogate becomes U+FFFD.
    package mutating func readString(into text: inout [UInt8]) throws(JSONError) {
        skipWhitespace()
        try expect(UInt8(ascii: "\""), "expected a string")
        while true {
            let run = WordScan.endOfCleanRun(in: bytes, from: offset)
            if run.end > offset {
                try append(offset..<run.end, hasNonASCII: run.hasNonASCII, to: &text)
                offset = run.end
            }
            guard offset < bytes.count else { throw error("unterminated string") }
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                offset &+= 1
                return
            case UInt8(ascii: "\\"):
                offset &+= 1
                try readEscape(into: &text)
            default:
                // RFC 8259 §7: control characters must be escaped.
                throw error("control character in a string")
            }
        }
    }

    package mutating func readString() throws(JSONError) -> String {
        var text: [UInt8] = []
        try readString(into: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// The string that comes next, or nil for any other value, which is skipped: an optional field.
    package mutating func readStringIfPresent() throws(JSONError) -> String? {
        if try peekKind() == .string { return try readString() }
        try skipValue()
        return nil
    }

    /// A short string, such as a type's name, left where it stands.
    package mutating func readStringInPlace() throws(JSONError) -> JSONKey {
        skipWhitespace()
        let start = offset &+ 1
        let hasEscapes = try skipString()
        return JSONKey(
            bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<(offset &- 1)]), hasEscapes: hasEscapes)
    }

    /// Steps over a string; says whether it has escapes.
    @inline(__always)
    mutating func skipString() throws(JSONError) -> Bool {
        try expect(UInt8(ascii: "\""), "expected a string")
        var hasEscapes = false
        while true {
            offset = WordScan.endOfCleanRun(in: bytes, from: offset).end
            guard offset < bytes.count else { throw error("unterminated string") }
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                offset &+= 1
                return hasEscapes
            case UInt8(ascii: "\\"):
                hasEscapes = true
                // Whatever it is, an escaped quote must not end the string.
                offset = min(offset + 2, bytes.count)
            default:
                throw error("control character in a string")
            }
        }
    }

    private func append(_ run: Range<Int>, hasNonASCII: Bool, to text: inout [UInt8]) throws(JSONError) {
        let piece = UnsafeRawBufferPointer(rebasing: bytes[run])
        if hasNonASCII, !UTF8Validation.isValid(piece) {
            guard repairs else { throw error("invalid UTF-8", at: run.lowerBound) }
            text.append(contentsOf: String(decoding: piece, as: UTF8.self).utf8)
        } else {
            text.append(contentsOf: piece)
        }
    }

    private mutating func readEscape(into text: inout [UInt8]) throws(JSONError) {
        guard offset < bytes.count else { throw error("unterminated string") }
        let byte = bytes[offset]
        offset &+= 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "u"):
            for byte in UTF8.encode(try readEscapedScalar()) ?? UTF8.encodedReplacementCharacter { text.append(byte) }
        default: throw error("unknown escape", at: offset - 1)
        }
    }

    /// Reads the digits of a `\u` escape, and of the second one where the first is half of a surrogate pair.
    private mutating func readEscapedScalar() throws(JSONError) -> Unicode.Scalar {
        let replacement: Unicode.Scalar = "\u{FFFD}"
        let first = try readHex()
        guard (0xD800..<0xE000).contains(first) else { return Unicode.Scalar(first) ?? replacement }
        // RFC 8259 §7: a pair is a high surrogate and, directly after it, a low one.
        guard first < 0xDC00, offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"),
            bytes[offset + 1] == UInt8(ascii: "u")
        else { return replacement }
        let bookmark = offset
        offset += 2
        let second = try readHex()
        guard (0xDC00..<0xE000).contains(second) else {
            offset = bookmark
            return replacement
        }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? replacement
    }

    private mutating func readHex() throws(JSONError) -> UInt32 {
        guard offset + 4 <= bytes.count else { throw error("unterminated string") }
        var value: UInt32 = 0
        for _ in 0..<4 {
            let byte = bytes[offset]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw error("expected a hexadecimal digit")
            }
            value = value << 4 | UInt32(digit)
            offset &+= 1
        }
        return value
    }
}
