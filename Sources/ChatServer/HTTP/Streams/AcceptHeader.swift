/// What a client would like to get, by its `Accept` (RFC 9110 §12.5.1).
struct AcceptHeader {
    private struct MediaRange {
        var type: Substring
        var subtype: Substring
        var quality: Double

        /// How exactly it names a type; nil: not at all.
        func specificity(for type: String) -> Int? {
            let parts = type.split(separator: "/")
            guard parts.count == 2 else { return nil }
            if self.type == "*", subtype == "*" { return 0 }
            guard self.type == parts[0] else { return nil }
            return subtype == "*" ? 1 : subtype == parts[1] ? 2 : nil
        }
    }

    private let ranges: [MediaRange]

    /// - Parameter text: the header's value; nil or empty: everything is welcome.
    init(_ text: String?) {
        ranges = (text ?? "").lowercased().split(separator: ",").compactMap { element in
            let parts = element.split(separator: ";").map { $0.trimmed }
            guard let name = parts.first?.split(separator: "/"), name.count == 2 else { return nil }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            return MediaRange(type: name[0], subtype: name[1], quality: min(1, max(0, quality)))
        }
    }

    /// The type that the client likes best, the first of equals; nil where it takes none of them.
    func best(of types: [String]) -> String? {
        guard !ranges.isEmpty else { return types.first }
        var best: (type: String, quality: Double)?
        for type in types {
            let match = ranges.compactMap { range in range.specificity(for: type).map { ($0, range.quality) } }
                .max { $0.0 < $1.0 }
            if let match, match.1 > best?.quality ?? 0 { best = (type, match.1) }
        }
        return best?.type
    }
}

extension Substring {
    /// Without spaces and tabs around it.
    fileprivate var trimmed: Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
