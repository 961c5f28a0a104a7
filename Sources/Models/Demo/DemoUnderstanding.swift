/// What the demo makes of a message: a handful of phrases, in English.
struct DemoUnderstanding {
    private let text: String
    private let lowercased: String
    private let words: Set<Substring>

    init(_ text: String) {
        self.text = text
        // Typographic apostrophes are what phones type.
        lowercased = text.lowercased().split(separator: "’", omittingEmptySubsequences: false).joined(separator: "'")
        words = Set(lowercased.split { !$0.isLetter && $0 != "'" })
    }

    private func has(_ phrase: String) -> Bool { lowercased.contains(phrase) }

    var wantsHelp: Bool {
        words.contains("help") || has("what can you do") || has("who are you") || has("what are you")
    }
    var wantsLength: Bool { words.contains("long") || words.contains("essay") }
    var wantsThinking: Bool { words.contains("think") || words.contains("thinking") }
    var wantsFailure: Bool { !words.isDisjoint(with: ["break", "fail", "crash"]) }
    var wantsQuotes: Bool { has("what did i ") || has("did i tell you") || has("do you remember") || has("i said") }
    var isGreeting: Bool { !words.isDisjoint(with: ["hello", "hi", "hey", "moin", "hallo"]) && words.count <= 4 }

    /// What one is asked to recall: `name` in "what is my name?".
    var recall: String? {
        for question in ["what is my ", "what's my ", "what was my ", "tell me my "] {
            guard let found = lowercased.ranges(of: question).first else { continue }
            let subject = lowercased[found.upperBound...].prefix { $0.isLetter || $0 == " " || $0 == "-" || $0 == "'" }
            return subject.isEmpty ? nil : trimmed(subject)
        }
        return has("who am i") ? "name" : nil
    }

    /// What one is told: `name`, `Ada` in "my name is Ada".
    var fact: (subject: String, value: String)? {
        guard recall == nil else { return nil }
        if let found = lowercased.ranges(of: "call me ").first { return fact("name", after: found.upperBound) }
        guard let my = lowercased.ranges(of: "my ").first(where: { isWordStart($0.lowerBound) }) else { return nil }
        let rest = lowercased[my.upperBound...]
        for verb in [" is ", " are "] {
            if let found = rest.ranges(of: verb).first {
                let subject = trimmed(rest[..<found.lowerBound])
                // A subject of more words is more likely another sentence.
                guard !subject.isEmpty, subject.split(separator: " ").count <= 4 else { return nil }
                return fact(subject, after: found.upperBound)
            }
        }
        return nil
    }

    private func fact(_ subject: String, after place: String.Index) -> (subject: String, value: String)? {
        // The value as it was typed: lower case and apostrophes kept its length in characters.
        let offset = lowercased.distance(from: lowercased.startIndex, to: place)
        guard let start = text.index(text.startIndex, offsetBy: offset, limitedBy: text.endIndex) else { return nil }
        let value = trimmed(text[start...].prefix { !".!?,;\n".contains($0) })
        return value.isEmpty ? nil : (subject, value)
    }

    /// A sum to work out, as the calculator takes it.
    var expression: String? {
        var sum = lowercased
        for (word, sign) in [
            ("divided by", "/"), ("multiplied by", "*"), (" times ", " * "), (" plus ", " + "), (" minus ", " - "),
            ("×", "*"),
            ("·", "*"), ("÷", "/"), ("−", "-"), ("–", "-"),
        ] {
            sum = sum.split(separator: word, omittingEmptySubsequences: false).joined(separator: sign)
        }
        if let found = sum.ranges(of: "calculate ").first {
            let rest = trimmed(sum[found.upperBound...].prefix { !"?!=\n".contains($0) })
            return rest.contains(where: \.isNumber) ? rest : nil
        }
        let candidates = sum.split { !($0.isASCII && ($0.isNumber || "+-*/^().% x".contains($0))) }
            .map { trimmed($0.drop { $0 == "." || $0 == "x" }) }
            .map { trimmed($0.split(separator: "x", omittingEmptySubsequences: false).joined(separator: "*")) }
            .filter { candidate in
                let inner = candidate.drop { $0 == "-" || $0 == "(" || $0 == " " }
                return inner.contains(where: \.isNumber) && inner.dropLast().contains { "+-*/^%".contains($0) }
                    && (candidate.last.map { $0.isNumber || $0 == ")" || $0 == "%" || $0 == "." } ?? false)
            }
        guard var longest = candidates.max(by: { $0.count < $1.count }) else { return nil }
        while longest.last == "." { longest.removeLast() }
        return longest
    }

    /// The time zone whose time is asked for.
    var timeZone: String? {
        guard has("what time") || has("the time") || has("time is it") else { return nil }
        return Self.zones.first { has($0.place) }?.zone ?? "UTC"
    }

    /// The place whose weather is asked for.
    var weatherPlace: String? {
        guard has("weather") else { return nil }
        for preposition in ["weather like in ", "weather in ", "weather for ", "weather at "] {
            guard let found = lowercased.ranges(of: preposition).first else { continue }
            let place = typed(after: found.upperBound) { !"?!;\n".contains($0) }
            if place.unicodeScalars.count >= 2 { return place }
        }
        return nil
    }

    /// A query as it was typed: a message that begins with `select`.
    var query: String? {
        let start = trimmed(text)
        return start.lowercased().hasPrefix("select ") ? start : nil
    }

    var asksWhere: Bool { has("where am i") || has("my location") }

    /// How the page shall look: `dark` in "use the dark theme".
    var theme: String? {
        guard words.contains("theme") || words.contains("mode") else { return nil }
        return ["dark", "light"].first { words.contains(Substring($0)) }
    }

    /// A tool called by its name, its input as it was typed: `call roll_dice {"sides": 6}`.
    var namedCall: (name: String, input: String)? {
        let start = trimmed(text)
        guard start.lowercased().hasPrefix("call ") else { return nil }
        let rest = trimmed(start.dropFirst("call ".count))
        let name = rest.prefix { !$0.isWhitespace && $0 != "{" }
        let input = trimmed(rest.dropFirst(name.count))
        return (String(name), input.isEmpty ? "{}" : input)
    }

    /// An email to write: `send an email to ada@example.com: Tea at four?`.
    var email: (address: String, body: String)? {
        guard has("mail"), let found = lowercased.ranges(of: " to ").first(where: { isAddress(after: $0.upperBound) })
        else { return nil }
        let address = typed(after: found.upperBound) { !$0.isWhitespace && !":,;".contains($0) }
        let rest = typed(after: found.upperBound) { _ in true }.dropFirst(address.count)
        let body = trimmed(rest.drop { $0.isWhitespace || ":,;".contains($0) })
        return (address, body.isEmpty ? "Hello from Whinchat." : body)
    }

    private func isAddress(after place: String.Index) -> Bool {
        lowercased[place...].prefix { !$0.isWhitespace }.contains("@")
    }

    /// What was typed from a place of the lower-case text on, which has as many characters.
    private func typed(after place: String.Index, while isPart: (Character) -> Bool) -> String {
        let offset = lowercased.distance(from: lowercased.startIndex, to: place)
        guard let start = text.index(text.startIndex, offsetBy: offset, limitedBy: text.endIndex) else { return "" }
        return trimmed(text[start...].prefix(while: isPart))
    }

    private static let zones: [(place: String, zone: String)] = [
        ("tokyo", "Asia/Tokyo"), ("japan", "Asia/Tokyo"), ("berlin", "Europe/Berlin"), ("germany", "Europe/Berlin"),
        ("paris", "Europe/Paris"), ("london", "Europe/London"), ("madrid", "Europe/Madrid"), ("rome", "Europe/Rome"),
        ("vienna", "Europe/Vienna"), ("zurich", "Europe/Zurich"), ("new york", "America/New_York"),
        ("chicago", "America/Chicago"), ("denver", "America/Denver"), ("los angeles", "America/Los_Angeles"),
        ("san francisco", "America/Los_Angeles"), ("são paulo", "America/Sao_Paulo"),
        ("sao paulo", "America/Sao_Paulo"),
        ("cairo", "Africa/Cairo"), ("nairobi", "Africa/Nairobi"), ("lagos", "Africa/Lagos"),
        ("istanbul", "Europe/Istanbul"),
        ("moscow", "Europe/Moscow"), ("dubai", "Asia/Dubai"), ("mumbai", "Asia/Kolkata"), ("delhi", "Asia/Kolkata"),
        ("india", "Asia/Kolkata"), ("singapore", "Asia/Singapore"), ("hong kong", "Asia/Hong_Kong"),
        ("beijing", "Asia/Shanghai"), ("shanghai", "Asia/Shanghai"), ("seoul", "Asia/Seoul"),
        ("sydney", "Australia/Sydney"),
        ("auckland", "Pacific/Auckland"),
    ]

    private func isWordStart(_ place: String.Index) -> Bool {
        place == lowercased.startIndex || !lowercased[lowercased.index(before: place)].isLetter
    }

    private func trimmed(_ text: some StringProtocol) -> String {
        var rest = text[...]
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest.drop(while: \.isWhitespace))
    }
}
