/// How often SQLite would copy the parts of a `WITH` while it prepares a statement: each name is replaced by its query
/// wherever it stands, so twenty short ones that each name the one before twice make a million, before anything that
/// could stop them is asked.
enum QueryExpansion {
    /// Copies: a few milliseconds. Five names of three uses each are 243.
    static let maximumCopies = 1_000

    /// What is wrong with the query, for the model; nil where nothing is.
    static func problem(in sql: String) -> String? {
        let tokens = self.tokens(of: sql)
        let names = self.names(in: tokens)
        var copies = 1
        // Each definition by itself: within one another they may share a name.
        for name in names {
            // `name.column` is no use of the table, nor is a definition.
            let uses = tokens.indices.count { index in
                tokens[index] == name && !(index + 1 < tokens.count && tokens[index + 1] == ".")
            }
            copies *= max(1, uses - names.count { $0 == name })
            if copies > Self.maximumCopies {
                return
                    "The query names the parts of its WITH too often. Use fewer of them, or name each only once or twice."
            }
        }
        return nil
    }

    /// What stands before `AS (`, with or without a list of columns between: the names that a `WITH` gives.
    private static func names(in tokens: [String]) -> [String] {
        var names: [String] = []
        for index in tokens.indices where tokens[index] == "as" {
            var next = index + 1
            while next < tokens.count, ["not", "materialized"].contains(tokens[next]) { next += 1 }
            guard next < tokens.count, tokens[next] == "(", index > 0 else { continue }
            var name = index - 1
            if tokens[name] == ")" {
                while name > 0, tokens[name] != "(" { name -= 1 }
                name -= 1
            }
            if name >= 0 { names.append(tokens[name]) }
        }
        return names
    }

    /// Words, quoted words without their quotes, and marks, in lower case. Comments are passed over, as SQLite does.
    private static func tokens(of sql: String) -> [String] {
        var tokens: [String] = []
        var rest = Array(sql.utf8)[...]
        func isWord(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
                true
            default: false
            }
        }
        while let byte = rest.first {
            if isWord(byte) {
                tokens.append(String(decoding: rest.prefix(while: isWord), as: UTF8.self).lowercased())
                rest = rest.drop(while: isWord)
            } else if let end = Self.closing[byte] {
                rest = rest.dropFirst()
                var word: [UInt8] = []
                while let next = rest.first {
                    rest = rest.dropFirst()
                    if next == end {
                        // A doubled quote stands for one.
                        guard rest.first == end, end != UInt8(ascii: "]") else { break }
                        rest = rest.dropFirst()
                    }
                    word.append(next)
                }
                tokens.append(String(decoding: word, as: UTF8.self).lowercased())
            } else if rest.starts(with: "--".utf8) {
                rest = rest.drop { $0 != UInt8(ascii: "\n") }
            } else if rest.starts(with: "/*".utf8) {
                rest = rest.dropFirst(2)
                while !rest.isEmpty, !rest.starts(with: "*/".utf8) { rest = rest.dropFirst() }
                rest = rest.dropFirst(2)
            } else {
                rest = rest.dropFirst()
                if byte > UInt8(ascii: " ") { tokens.append(String(decoding: [byte], as: UTF8.self)) }
            }
        }
        return tokens
    }

    private static let closing: [UInt8: UInt8] = [
        UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "'"): UInt8(ascii: "'"),
        UInt8(ascii: "`"): UInt8(ascii: "`"), UInt8(ascii: "["): UInt8(ascii: "]"),
    ]
}
