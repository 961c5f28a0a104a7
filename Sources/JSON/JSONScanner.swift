/// A pull reader of JSON on bytes, for what arrives thousands of times a second: it allocates nothing of its own.
///
/// It walks a value in whatever order and spacing its members come, and reads or skips each:
///
///     var json = JSONScanner(bytes)
///     var members = try json.beginObject()
///     while let key = try json.nextKey(in: &members) {
///         if key == "text" { try json.readString(into: &text) } else { try json.skipValue() }
///     }
///     try json.finish()
///
/// After `nextKey` or `nextElement` the value must be read or skipped. The bytes must outlive the scanner and its keys. A
/// scanner is a small value: a copy is a bookmark.
package struct JSONScanner {
    let bytes: UnsafeRawBufferPointer
    /// The byte that is read next, from 0.
    package internal(set) var offset: Int = 0
    private let repairsUTF8: Bool

    /// The deepest nesting that is taken, here and in `JSONValue`: 64 levels. Nothing that a provider or a client sends comes
    /// near it, and a parser of values recurses once per level.
    package static let depthLimit = 64

    /// The longest name of a member in a `JSONValue`: 1,024 bytes of UTF-8. Swift normalises a string to hash and to compare it,
    /// which takes seconds for a name of 100,000 combining marks.
    package static let nameLimitBytes = 1024

    /// - Parameter repairsUTF8: bytes in strings that are not UTF-8 become U+FFFD, as an event stream is decoded (WHATWG HTML
    ///   §9.2.6); otherwise they are an error.
    package init(_ bytes: UnsafeRawBufferPointer, repairsUTF8: Bool = false) {
        self.bytes = bytes
        self.repairsUTF8 = repairsUTF8
    }

    package enum Kind: Hashable, Sendable {
        case object, array, string, number, bool, null
    }

    /// The walk through one object or array.
    package struct Walk {
        var isFirst = true
    }

    /// What kind of value comes next, by its first byte.
    package mutating func peekKind() throws(JSONError) -> Kind {
        skipWhitespace()
        guard offset < bytes.count else { throw error("unexpected end") }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        default: throw error("unexpected character")
        }
    }

    package mutating func beginObject() throws(JSONError) -> Walk {
        skipWhitespace()
        try expect(UInt8(ascii: "{"), "expected an object")
        return Walk()
    }

    package mutating func beginArray() throws(JSONError) -> Walk {
        skipWhitespace()
        try expect(UInt8(ascii: "["), "expected an array")
        return Walk()
    }

    /// The next member's key, with the scanner before its value; nil behind the object's end.
    package mutating func nextKey(in walk: inout Walk) throws(JSONError) -> JSONKey? {
        guard try advance(&walk, close: UInt8(ascii: "}")) else { return nil }
        let start = offset &+ 1
        let hasEscapes = try skipString()
        let key = JSONKey(
            bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<(offset &- 1)]), hasEscapes: hasEscapes)
        skipWhitespace()
        try expect(UInt8(ascii: ":"), "expected ':'")
        return key
    }

    /// Whether the array has another element, with the scanner before it.
    package mutating func nextElement(in walk: inout Walk) throws(JSONError) -> Bool {
        try advance(&walk, close: UInt8(ascii: "]"))
    }

    /// True, and the `null` is read, where one comes next.
    package mutating func skipNull() throws(JSONError) -> Bool {
        skipWhitespace()
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: "n") else { return false }
        try skipLiteral("null")
        return true
    }

    package mutating func readBool() throws(JSONError) -> Bool {
        skipWhitespace()
        let isTrue = offset < bytes.count && bytes[offset] == UInt8(ascii: "t")
        try skipLiteral(isTrue ? "true" : "false")
        return isTrue
    }

    /// Checks that only white space follows the value.
    package mutating func finish() throws(JSONError) {
        skipWhitespace()
        guard offset == bytes.count else { throw error("unexpected characters after the value") }
    }

    // MARK: -

    @inline(__always)
    mutating func skipWhitespace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x0A, 0x0D, 0x09: offset &+= 1
            default: return
            }
        }
    }

    @inline(__always)
    mutating func expect(_ byte: UInt8, _ reason: StaticString) throws(JSONError) {
        guard offset < bytes.count, bytes[offset] == byte else { throw error(reason) }
        offset &+= 1
    }

    mutating func skipLiteral(_ literal: StaticString) throws(JSONError) {
        let count = literal.utf8CodeUnitCount
        guard offset + count <= bytes.count else { throw error("unexpected end") }
        for index in 0..<count where bytes[offset + index] != literal.utf8Start[index] {
            throw error("unexpected character")
        }
        offset += count
    }

    /// Steps over the comma before the next member or element; false where the container ends.
    @inline(__always)
    mutating func advance(_ walk: inout Walk, close: UInt8) throws(JSONError) -> Bool {
        skipWhitespace()
        guard offset < bytes.count else { throw error("unexpected end") }
        if bytes[offset] == close {
            offset &+= 1
            return false
        }
        if walk.isFirst {
            walk.isFirst = false
        } else {
            try expect(UInt8(ascii: ","), "expected ',' or the end")
            skipWhitespace()
        }
        return true
    }

    func error(_ reason: StaticString, at offset: Int? = nil) -> JSONError {
        JSONError(reason: reason.description, offset: offset ?? self.offset)
    }

    var repairs: Bool { repairsUTF8 }
}
