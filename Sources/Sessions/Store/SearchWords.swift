import Conversation

/// The words of a text, as a search compares them.
///
/// A word is a run of letters, digits and their marks, in small letters. Chinese, Japanese, Thai and their like put no spaces
/// between words: of a run of these scripts each pair of neighbours is a word, which finds what two texts share without a
/// dictionary.
package enum SearchWords {
    /// Scalars of a query that are looked at: 4,000, as the best words of a long one are in no better place further on.
    private static let maxQueryScalars = 4_000

    /// Words that are looked for: 24, as each costs a look at every message in the store that has it.
    package static let maxQueryWords = 24

    /// The words to look for: each once; of too many the longest, as these are rare and the short ones say little.
    package static func query(_ text: String) -> [String] {
        var seen: Set<String> = []
        let words = words(of: text.firstScalars(maxQueryScalars)).filter { seen.insert($0).inserted }
        guard words.count > maxQueryWords else { return words }
        // A pair of a script without spaces is a word of its own: as long as any.
        func length(_ word: String) -> Int {
            word.unicodeScalars.contains(where: \.isOfScriptWithoutSpaces) ? 8 : word.unicodeScalars.count
        }
        return Array(words.sorted { length($0) > length($1) }.prefix(maxQueryWords))
    }

    /// A text in which a space stands between all words that a search is to tell apart; any other text as it is.
    package static func spaced(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: \.isOfScriptWithoutSpaces) else { return text }
        return words(of: text).joined(separator: " ")
    }

    /// All words, in their order.
    package static func words(of text: String) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        var run: [Unicode.Scalar] = []
        func endWord() {
            if !word.isEmpty { words.append(String(word).lowercased()) }
            word = String.UnicodeScalarView()
        }
        func endRun() {
            if run.count == 1 { words.append(String(run[0])) }
            for (first, second) in zip(run, run.dropFirst()) { words.append(String(first) + String(second)) }
            run = []
        }
        for scalar in text.unicodeScalars {
            if scalar.isOfScriptWithoutSpaces {
                endWord()
                run.append(scalar)
            } else if scalar.isInWord {
                endRun()
                word.append(scalar)
            } else {
                endWord()
                endRun()
            }
        }
        endWord()
        endRun()
        return words
    }
}

extension Unicode.Scalar {
    fileprivate var isInWord: Bool {
        if isASCII { return ("a"..."z").contains(self) || ("A"..."Z").contains(self) || ("0"..."9").contains(self) }
        return switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .nonspacingMark, .spacingMark, .privateUse:
            true
        default: false
        }
    }

    /// Whether it is a letter or a mark of Thai, Lao, Myanmar, Khmer, Japanese or Chinese.
    fileprivate var isOfScriptWithoutSpaces: Bool {
        // Nearly all there are.
        guard value >= 0x0E01 else { return false }
        return switch value {
        case 0x0E01...0x0E4E, 0x0E81...0x0ECD, 0x1000...0x103F, 0x1780...0x17D3, 0x3041...0x3096, 0x30A1...0x30FE,
            0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x323AF:
            isInWord
        case 0x3005...0x3007: true
        default: false
        }
    }
}
