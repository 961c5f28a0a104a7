/// UTF-8 as the inside of a JSON string literal (RFC 8259 §7).
enum JSONEscaping {
    /// The bytes of the longest escape: `\u001f`.
    static let longestEscape = 6

    /// Escapes a text into `room`, which holds at least `longestEscape` times as many bytes; returns how many were written.
    static func escape(_ utf8: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) -> Int {
        var index = 0
        var written = 0
        while index < utf8.count {
            if index &+ 8 <= utf8.count {
                let word = utf8.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                let found = WordScan.needsEscape(UInt64(littleEndian: word))
                // All eight are written, and what follows the clean ones is written over.
                room.storeBytes(of: word, toByteOffset: written, as: UInt64.self)
                let clean = found == 0 ? 8 : found.trailingZeroBitCount >> 3
                index &+= clean
                written &+= clean
                if found == 0 { continue }
            }
            let byte = utf8[index]
            if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                room[written] = byte
                written &+= 1
            } else {
                withEscape(of: byte) { escape in
                    for offset in escape.indices { room[written &+ offset] = escape[offset] }
                    written &+= escape.count
                }
            }
            index &+= 1
        }
        return written
    }

    /// Hands out the pieces of the escaped text in order: runs of clean bytes as they stand, and escapes.
    @inline(__always)
    static func forEachPiece(of utf8: UnsafeRawBufferPointer, _ write: (UnsafeRawBufferPointer) -> Void) {
        var index = 0
        while index < utf8.count {
            let end = WordScan.endOfCleanRun(in: utf8, from: index).end
            if end > index { write(UnsafeRawBufferPointer(rebasing: utf8[index..<end])) }
            guard end < utf8.count else { return }
            withEscape(of: utf8[end], write)
            index = end + 1
        }
    }

    /// The escape of a byte that cannot stand bare.
    private static func withEscape(of byte: UInt8, _ write: (UnsafeRawBufferPointer) -> Void) {
        var escape: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8) = (0x5C, byte, 0x30, 0x30, 0x30, 0x30)
        var count = 2
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): break
        case 0x0A: escape.1 = UInt8(ascii: "n")
        case 0x0D: escape.1 = UInt8(ascii: "r")
        case 0x09: escape.1 = UInt8(ascii: "t")
        default:
            escape.1 = UInt8(ascii: "u")
            escape.4 += byte >> 4
            escape.5 = byte & 15 < 10 ? UInt8(ascii: "0") + byte & 15 : UInt8(ascii: "a") + byte & 15 - 10
            count = 6
        }
        withUnsafeBytes(of: &escape) { write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
}
