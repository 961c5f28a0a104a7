/// Counts the tokens of a text by its runs of letters, digits, white space and signs, in tenths of a token.
///
/// The weights were fitted to what `cl100k_base` makes of English prose, Swift, Python and JSON; those of other scripts are
/// what it makes of Greek and Cyrillic (two letters a token), Chinese and Japanese (one) and emoji (two tokens each).
struct TextRuns {
    private enum Run {
        case none, letters, digits, spaces, newlines, signs
    }

    private(set) var tenths = 0
    private var run = Run.none
    private var length = 0
    /// For letters: the last one was small, or was a capital.
    private var wasSmall = false
    private var wasCapital = false

    /// Letters that a token of a word has before the word takes another.
    private static let wholeWord = 7
    private static let digitsPerToken = 3

    @inline(__always)
    mutating func add(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): self.addLetter(isSmall: true)
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): self.addLetter(isSmall: false)
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            self.enter(.digits)
            if (self.length - 1) % Self.digitsPerToken == 0 { self.tenths += 10 }
        case UInt8(ascii: " "), UInt8(ascii: "\t"):
            // A single space belongs to the word after it.
            self.enter(.spaces)
            if self.length == 2 { self.tenths += 8 }
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
            self.enter(.newlines)
            if self.length == 1 { self.tenths += 7 }
        case 0..<0x80:
            // Signs that follow each other, as in JSON, are often one token.
            self.enter(.signs)
            self.tenths += self.length == 1 ? 8 : 3
        // A continuation byte: its scalar is already counted.
        case 0x80..<0xC0: break
        // An accent does not end a word.
        case 0xC0..<0xE0: self.tenths += 5
        case 0xE0..<0xF0:
            self.enter(.signs)
            self.tenths += 10
        default:
            self.enter(.signs)
            self.tenths += 20
        }
    }

    private mutating func enter(_ run: Run) {
        self.length = self.run == run ? self.length + 1 : 1
        self.run = run
    }

    private mutating func addLetter(isSmall: Bool) {
        self.enter(.letters)
        if self.length == 1 {
            self.tenths += 10
        } else if !isSmall {
            // `camelCase` is two words; `CAPITALS` are cut small.
            self.tenths += self.wasCapital ? 3 : self.wasSmall ? 5 : 0
        }
        if self.length > Self.wholeWord { self.tenths += 2 }
        self.wasSmall = isSmall
        self.wasCapital = !isSmall
    }
}
