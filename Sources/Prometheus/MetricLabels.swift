/// The labels of one series, as the text has them between the braces: `code="1001",by="peer"`.
///
/// One wrong label would cost the whole scrape, so names are made valid, a second label of a name goes, and values are escaped.
struct MetricLabels: Hashable, Sendable {
    /// In Unicode scalars; longer values are cut. 200: what a model's name may have.
    static let maximumValueScalars = 200

    let text: String

    /// - Parameter isHistogram: `le` is taken then, by the buckets' bounds.
    init(_ dimensions: [(String, String)], isHistogram: Bool = false) {
        var taken: Set<String> = isHistogram ? ["le"] : []
        var parts: [String] = []
        for (name, value) in dimensions {
            let name = Self.labelName(name)
            guard taken.insert(name).inserted else { continue }
            parts.append("\(name)=\"\(Self.escaped(String(value.unicodeScalars.prefix(Self.maximumValueScalars))))\"")
        }
        text = parts.joined(separator: ",")
    }

    /// `[a-zA-Z_][a-zA-Z0-9_]*`, and not `__`, which is Prometheus' own.
    private static func labelName(_ name: String) -> String {
        let valid = MetricName.valid(name, allowing: "_")
        return valid.hasPrefix("__") ? "_" + valid.drop { $0 == "_" } : valid
    }

    /// A value between its quotes: `\`, `"` and the line's end are escaped.
    private static func escaped(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
