/// A session's title, made from how it began: from what a person said first, or by a model.
package enum SessionTitle {
    /// Scalars. A line in a list of sessions shows about as much.
    package static let scalars = 60
    /// Scalars of a text in which its first words are looked for, behind code.
    private static let readScalars = 2_000
    /// Scalars of those that are looked at.
    private static let proseScalars = 500
    /// Scalars, from which on a sentence is enough of a title: "Hi." is not.
    private static let sentenceScalars = 12

    /// The first sentence of what a person said, without markup and blocks of code, cut at a word's end; nil where there are no
    /// words.
    package static func made(from words: String) -> String? {
        let lines = words.firstScalars(self.readScalars).split(whereSeparator: \.isNewline)
        var prose: [Substring] = []
        var fence: Character?
        for line in lines {
            let start = line.drop(while: \.isWhitespace)
            if let mark = start.first, mark == "`" || mark == "~", start.prefix(3).count == 3,
                start.prefix(3).allSatisfy({ $0 == mark })
            {
                // CommonMark 0.31 §4.5: a fence ends with the character that it began with.
                fence = fence == nil ? mark : fence == mark ? nil : fence
            } else if fence == nil {
                prose.append(start)
            }
        }
        // Somebody who says nothing but code has a title of code.
        if prose.allSatisfy({ $0.allSatisfy(\.isWhitespace) }) { prose = lines }
        return self.cut(self.firstSentence(self.plain(prose.map(self.withoutMarker).joined(separator: " "))))
    }

    /// What a model answered, where that is a title: its first line, without quotes and markup.
    package static func made(fromAnswer answer: String) -> String? {
        let line = answer.firstScalars(self.readScalars).split(whereSeparator: \.isNewline).lazy
            .map { self.plain(self.withoutMarker($0)) }.first { !$0.isEmpty }
        guard var title = line?[...] else { return nil }
        for prefix in ["Title:", "title:"] where title.hasPrefix(prefix) { title = title.dropFirst(prefix.count) }
        title = title.trimming { $0.isWhitespace || "\"'“”„‘’«»「」.".contains($0) }
        return self.cut(String(title))
    }

    // MARK: -

    /// A line without what makes it a heading, a quote or an item of a list.
    private static func withoutMarker(_ line: Substring) -> Substring {
        var rest = line.drop(while: \.isWhitespace)
        while let first = rest.first, "#>-*+".contains(first) {
            let behind = rest.drop { $0 == first }
            guard behind.first?.isWhitespace ?? true else { break }
            rest = behind.drop(while: \.isWhitespace)
        }
        return rest
    }

    /// In one line, without marks of emphasis, code and links.
    private static func plain(_ text: some StringProtocol) -> String {
        let characters = Array(String(text).firstScalars(self.proseScalars))
        var plain = ""
        var index = 0
        while index < characters.count {
            let character = characters[index]
            switch character {
            case "`": break
            case "*", "_", "~":
                var end = index
                while end < characters.count, characters[end] == character { end += 1 }
                // `2*3` and `a_name` are no emphasis, and neither is `2 * 3`.
                let (before, behind) = (plain.last ?? " ", end < characters.count ? characters[end] : " ")
                if (before.isWordPart && behind.isWordPart) || (before.isWhitespace && behind.isWhitespace) {
                    plain += String(characters[index..<end])
                }
                index = end - 1
            case "!" where index + 1 < characters.count && characters[index + 1] == "[": break
            case "[":
                guard let close = self.endOfLink(characters, from: index) else {
                    plain.append(character)
                    break
                }
                plain += String(characters[(index + 1)..<close.text])
                index = close.link
            default:
                if character.isWhitespace {
                    if plain.last?.isWhitespace == false { plain.append(" ") }
                } else {
                    plain.unicodeScalars.append(contentsOf: character.unicodeScalars.filter(\.isVisible))
                }
            }
            index += 1
        }
        return String(Substring(plain).trimming(\.isWhitespace))
    }

    /// Where the text and the whole of a link `[text](address)` end; nil where it is none.
    private static func endOfLink(_ characters: [Character], from start: Int) -> (text: Int, link: Int)? {
        guard let text = characters[start...].firstIndex(of: "]"), text + 1 < characters.count,
            characters[text + 1] == "(", let link = characters[text...].firstIndex(of: ")")
        else { return nil }
        return (text, link)
    }

    private static func firstSentence(_ text: String) -> String {
        let characters = Array(text)
        for (index, character) in characters.enumerated() where index + 1 >= self.sentenceScalars {
            let isFull = "。！？".contains(character)
            let isEnd = ".!?".contains(character) && index + 1 < characters.count && characters[index + 1] == " "
            // "e.g. this" goes on.
            let goesOn = index + 2 < characters.count && characters[index + 2].isLowercase
            if isFull || (isEnd && !goesOn) { return String(characters[...index]) }
        }
        return text
    }

    /// At most `scalars`, ending with a word where there are some; nil where nothing is left.
    private static func cut(_ text: String) -> String? {
        var title = Substring(text)
        if title.last == ".", !title.hasSuffix("..") { title.removeLast() }
        guard title.unicodeScalars.count > self.scalars else { return title.isEmpty ? nil : String(title) }
        var kept = ""
        var count = 0
        for character in title {
            count += character.unicodeScalars.count
            // One for the ellipsis.
            guard count < self.scalars else { break }
            kept.append(character)
        }
        // One character can be longer than all of it.
        if kept.isEmpty { kept = String(title).firstScalars(self.scalars - 1) }
        if let space = kept.lastIndex(where: \.isWhitespace), kept[space...].count < kept.count / 2 {
            kept = String(kept[..<space])
        }
        return Substring(kept).trimming { $0.isWhitespace || ",;:.–-".contains($0) } + "…"
    }
}

extension Unicode.Scalar {
    /// Whether it may stand in a title: no control characters, and none that turn the text around them.
    fileprivate var isVisible: Bool {
        self.properties.generalCategory != .control && !(0x202A...0x202E).contains(self.value)
            && !(0x2066...0x2069).contains(self.value)
    }
}

extension Character {
    fileprivate var isWordPart: Bool { self.isLetter || self.isNumber }
}

extension Substring {
    fileprivate func trimming(_ isTrimmed: (Character) -> Bool) -> Substring {
        var rest = self.drop(while: isTrimmed)
        while let last = rest.last, isTrimmed(last) { rest.removeLast() }
        return rest
    }
}
