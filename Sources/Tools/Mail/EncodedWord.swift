import Foundation

/// RFC 2047: what is not ASCII in a header.
enum EncodedWord {
    /// The text as it is where that is safe, else as encoded words of at most 75 characters, each on a line of its own.
    static func encode(_ text: String) -> String {
        let isPlain =
            text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && text.utf8.count <= 66
            && !text.utf8.starts(with: " ".utf8)
            && text.utf8.last != UInt8(ascii: " ") && text.ranges(of: "=?").isEmpty
        if isPlain { return text }
        // 45 bytes are 60 characters of base64; with `=?utf-8?B?` and `?=` 72. A scalar is not cut in two (§5).
        var words: [[UInt8]] = [[]]
        for scalar in text.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if (words.last?.count ?? 0) + bytes.count > 42 { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }
}
