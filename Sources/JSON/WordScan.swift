/// Tests on eight bytes at once. A match is the high bit of its byte; borrows can only mark bytes after a true match, so the
/// lowest match is exact and "no match" is exact.
enum WordScan {
    static let lows: UInt64 = 0x0101_0101_0101_0101
    static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Marks the bytes that cannot stand bare in a JSON string: `"`, `\` and the control characters (RFC 8259 §7).
    @inline(__always)
    static func needsEscape(_ word: UInt64) -> UInt64 {
        let quotes = word ^ (lows &* 0x22)
        let backslashes = word ^ (lows &* 0x5C)
        let found =
            ((quotes &- lows) & ~quotes) | ((backslashes &- lows) & ~backslashes) | ((word &- (lows &* 0x20)) & ~word)
        return found & highs
    }

    /// The index of the first byte from `start` on that cannot stand bare in a JSON string, or `bytes.count`; and whether a
    /// byte before it is not ASCII.
    @inline(__always)
    static func endOfCleanRun(
        in bytes: UnsafeRawBufferPointer, from start: Int
    ) -> (end: Int, hasNonASCII: Bool) {
        var index = start
        var seen: UInt64 = 0
        while index &+ 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let found = needsEscape(word)
            if found != 0 {
                let clean = found.trailingZeroBitCount >> 3
                // Only the bytes before the match count.
                seen |= clean == 0 ? 0 : word << UInt64(64 - clean * 8)
                return (index &+ clean, seen & highs != 0)
            }
            seen |= word
            index &+= 8
        }
        var hasNonASCII = seen & highs != 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C { break }
            if byte >= 0x80 { hasNonASCII = true }
            index &+= 1
        }
        return (index, hasNonASCII)
    }
}
