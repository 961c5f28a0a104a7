/// An object's key, or a short string value, where it stands in the scanned bytes: compared without making a string of it.
package struct JSONKey {
    /// Between the quotes, escapes unresolved.
    @usableFromInline let bytes: UnsafeRawBufferPointer
    @usableFromInline let hasEscapes: Bool

    init(bytes: UnsafeRawBufferPointer, hasEscapes: Bool) {
        self.bytes = bytes
        self.hasEscapes = hasEscapes
    }

    // Inlinable, so that the literal's length is a constant where the key is compared: most comparisons end there.
    @inlinable @inline(__always)
    package static func == (key: JSONKey, name: StaticString) -> Bool {
        let count = name.utf8CodeUnitCount
        if key.hasEscapes { return key.isResolved(name) }
        guard key.bytes.count == count else { return false }
        let start = name.utf8Start
        for index in 0..<count where key.bytes[index] != start[index] { return false }
        return true
    }

    /// The comparison for the rare key that has escapes: of bytes, as that of strings takes a Kelvin sign for a K.
    @usableFromInline
    func isResolved(_ name: StaticString) -> Bool { string.utf8.elementsEqual(name.description.utf8) }

    /// The key with its escapes resolved, of any length.
    package var string: String {
        guard hasEscapes else { return String(decoding: bytes, as: UTF8.self) }
        var resolved: [UInt8] = []
        // The scanner has seen the closing quote, so it ends there; a wrong escape leaves what came before it.
        let quoted = UnsafeRawBufferPointer(start: bytes.baseAddress.map { $0 - 1 }, count: bytes.count + 2)
        var scanner = JSONScanner(quoted, repairsUTF8: true)
        try? scanner.readString(into: &resolved)
        return String(decoding: resolved, as: UTF8.self)
    }
}
