extension JSONScanner {
    /// Steps over a value of any kind, checking its syntax (but not the escapes in its strings, nor their UTF-8).
    package mutating func skipValue() throws(JSONError) {
        // One bit per level, so that the stack needs no memory: set where the level is an object.
        var objects: UInt64 = 0
        var depth = 0
        while true {
            skipWhitespace()
            guard offset < bytes.count else { throw error("unexpected end") }
            let byte = bytes[offset]
            var opened = false
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard depth < Self.depthLimit else { throw error("nested too deeply") }
                objects = objects << 1 | (byte == UInt8(ascii: "{") ? 1 : 0)
                depth += 1
                offset += 1
                opened = true
            case UInt8(ascii: "\""): _ = try skipString()
            case UInt8(ascii: "t"): try skipLiteral("true")
            case UInt8(ascii: "f"): try skipLiteral("false")
            case UInt8(ascii: "n"): try skipLiteral("null")
            default: _ = try skipNumber()
            }
            // Behind a value: close what ends here, then go to the next member or element.
            while true {
                if depth == 0 { return }
                let inObject = objects & 1 == 1
                var walk = Walk(isFirst: opened)
                opened = false
                if try advance(&walk, close: inObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    if inObject {
                        _ = try skipString()
                        skipWhitespace()
                        try expect(UInt8(ascii: ":"), "expected ':'")
                    }
                    break
                }
                objects >>= 1
                depth -= 1
            }
        }
    }

    /// Reads a value of any kind.
    package mutating func readValue() throws(JSONError) -> JSONValue {
        try readValue(depth: 0)
    }

    private mutating func readValue(depth: Int) throws(JSONError) -> JSONValue {
        switch try peekKind() {
        case .null:
            try skipLiteral("null")
            return .null
        case .bool: return .bool(try readBool())
        case .string: return .string(try readString())
        case .number: return try readNumber()
        case .array:
            guard depth < Self.depthLimit else { throw error("nested too deeply") }
            var elements: [JSONValue] = []
            var walk = try beginArray()
            while try nextElement(in: &walk) { elements.append(try readValue(depth: depth + 1)) }
            return .array(elements)
        case .object:
            guard depth < Self.depthLimit else { throw error("nested too deeply") }
            var members: [String: JSONValue] = [:]
            var walk = try beginObject()
            while try advance(&walk, close: UInt8(ascii: "}")) {
                skipWhitespace()
                let start = offset
                let key = try readString()
                guard key.utf8.count <= Self.nameLimitBytes else { throw nameTooLong(at: start) }
                skipWhitespace()
                try expect(UInt8(ascii: ":"), "expected ':'")
                // RFC 8259 §4 leaves a repeated name open; the last one wins, as in browsers.
                members[key] = try readValue(depth: depth + 1)
            }
            return .object(members)
        }
    }

    private func nameTooLong(at offset: Int) -> JSONError {
        error("a member's name is longer than 1024 bytes", at: offset)
    }

    /// The integer that comes next (also `12.0`), or nil for any other value, which is skipped.
    package mutating func readInt() throws(JSONError) -> Int? {
        guard try peekKind() == .number else {
            try skipValue()
            return nil
        }
        return try readNumber().intValue
    }

    private mutating func readNumber() throws(JSONError) -> JSONValue {
        let start = offset
        let isInteger = try skipNumber()
        let digits = UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
        if isInteger, let int = Self.integer(digits) { return .int(int) }
        guard let double = Double(String(decoding: digits, as: UTF8.self)), double.isFinite else {
            throw error("a number is too large", at: start)
        }
        return .double(double)
    }

    private static func integer(_ digits: UnsafeRawBufferPointer) -> Int? {
        let isNegative = digits.first == UInt8(ascii: "-")
        var value = 0
        for byte in digits.dropFirst(isNegative ? 1 : 0) {
            let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
            let digit = Int(byte - UInt8(ascii: "0"))
            let (next, overflowAgain) = tenfold.subtractingReportingOverflow(digit)
            if overflow || overflowAgain { return nil }
            value = next
        }
        // Counted downwards, as the negative numbers reach one further.
        return isNegative ? value : value == .min ? nil : -value
    }

    /// Steps over a number (RFC 8259 §6); says whether it has neither fraction nor exponent.
    private mutating func skipNumber() throws(JSONError) -> Bool {
        let start = offset
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "-") { offset += 1 }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "0") {
            offset += 1
        } else {
            try skipDigits(start: start)
        }
        var isInteger = true
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            isInteger = false
            offset += 1
            try skipDigits(start: start)
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            offset += 1
            if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") {
                offset += 1
            }
            try skipDigits(start: start)
        }
        return isInteger
    }

    private mutating func skipDigits(start: Int) throws(JSONError) {
        let first = offset
        while offset < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[offset]) { offset += 1 }
        guard offset > first else {
            throw error(first == start ? "unexpected character" : "expected a digit")
        }
    }
}
