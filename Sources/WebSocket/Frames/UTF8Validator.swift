/// Checks UTF-8 (RFC 3629) as it arrives, in pieces cut anywhere, and refuses at the first byte that cannot be part of
/// it: RFC 6455 §8.1 asks for no more than a failed connection, failing early saves the rest of a large message.
package struct UTF8Validator: Equatable, Sendable {
    /// Continuation bytes that the current character still needs.
    private var missing: UInt8 = 0
    /// What the next continuation byte may be: narrower than 80…BF after the lead bytes of overlong forms,
    /// surrogates and numbers over 10FFFF.
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xBF

    package init() {}

    /// Whether the bytes so far end between two characters, as a text's end must.
    package var isAtBoundary: Bool { self.missing == 0 }

    /// Takes the next piece; false once the text cannot be UTF-8 any more.
    package mutating func accepts(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        let count = bytes.count
        var index = 0
        while index < count {
            if self.missing == 0 {
                // Almost all text is ASCII for long stretches: eight bytes at a time.
                while index &+ 8 <= count,
                    base.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
                {
                    index &+= 8
                }
                guard index < count else { return true }
            }
            guard self.accepts(base.load(fromByteOffset: index, as: UInt8.self)) else { return false }
            index &+= 1
        }
        return true
    }

    private mutating func accepts(_ byte: UInt8) -> Bool {
        if self.missing > 0 {
            guard byte >= self.lowest, byte <= self.highest else { return false }
            self.missing &-= 1
            self.lowest = 0x80
            self.highest = 0xBF
            return true
        }
        switch byte {
        case 0x00...0x7F: return true
        case 0xC2...0xDF: self.missing = 1
        case 0xE0: (self.missing, self.lowest) = (2, 0xA0)
        case 0xE1...0xEC, 0xEE...0xEF: self.missing = 2
        case 0xED: (self.missing, self.highest) = (2, 0x9F)
        case 0xF0: (self.missing, self.lowest) = (3, 0x90)
        case 0xF1...0xF3: self.missing = 3
        case 0xF4: (self.missing, self.highest) = (3, 0x8F)
        default: return false
        }
        return true
    }
}
