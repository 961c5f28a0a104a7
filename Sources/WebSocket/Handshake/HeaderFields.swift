/// Header fields as the handshake reads them: names without regard to case, lists over several lines.
struct HeaderFields {
    private let fields: [(name: String, value: String)]

    init(_ fields: some Sequence<(name: String, value: String)>) {
        self.fields = fields.map { (name: $0.name.lowercased(), value: Self.trimmed($0.value[...])) }
    }

    /// All values of a field; `name` in lower case.
    func values(_ name: String) -> [String] {
        self.fields.filter { $0.name == name }.map(\.value)
    }

    /// The value of a field that is there exactly once.
    func only(_ name: String) -> String? {
        let values = self.values(name)
        return values.count == 1 ? values[0] : nil
    }

    /// The tokens of a comma-separated list (RFC 9110 §5.6.1), empty elements left out.
    func tokens(_ name: String) -> [String] {
        self.values(name).flatMap { value in
            value.split(separator: ",").map { Self.trimmed($0) }.filter { !$0.isEmpty }
        }
    }

    /// Whether a list has a token, without regard to case; both in lower case.
    func hasToken(_ token: String, in name: String) -> Bool {
        self.tokens(name).contains { $0.lowercased() == token }
    }

    private static func trimmed(_ value: Substring) -> String {
        let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let utf8 = value.utf8
        guard let first = utf8.firstIndex(where: { !isSpace($0) }), let last = utf8.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(value[first...last])
    }
}
