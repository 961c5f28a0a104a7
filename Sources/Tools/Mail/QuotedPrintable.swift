/// RFC 2045 §6.7: a text that stays legible, in lines of at most 76 characters.
enum QuotedPrintable {
    static func encode(_ text: String) -> String {
        var lines: [String] = []
        for line in self.lines(of: Array(text.utf8)) {
            var current = ""
            let bytes = Array(line)
            for (index, byte) in bytes.enumerated() {
                let isLast = index == bytes.count - 1
                let piece: String
                switch byte {
                // Rule 3: white space at a line's end would be lost.
                case UInt8(ascii: " ") where !isLast, UInt8(ascii: "\t") where !isLast,
                    UInt8(ascii: "!")...UInt8(ascii: "<"), UInt8(ascii: ">")...UInt8(ascii: "~"):
                    piece = String(Unicode.Scalar(byte))
                default:
                    let digits = String(byte, radix: 16, uppercase: true)
                    piece = digits.count == 1 ? "=0\(digits)" : "=\(digits)"
                }
                if current.utf8.count + piece.utf8.count > 75 {
                    lines.append(current + "=")
                    current = ""
                }
                current += piece
            }
            lines.append(current)
        }
        return lines.joined(separator: "\r\n")
    }

    /// The lines of a text whose ends are LF, CRLF or CR.
    private static func lines(of bytes: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = [[]]
        var isAfterReturn = false
        for byte in bytes {
            switch byte {
            case 0x0A where isAfterReturn: break
            case 0x0A, 0x0D: lines.append([])
            default: lines[lines.count - 1].append(byte)
            }
            isAfterReturn = byte == 0x0D
        }
        return lines
    }
}
