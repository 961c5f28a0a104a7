import JSON

/// A request's prompt as a tokeniser and a prompt cache see it: pieces in the order in which a model reads them.
struct Prompt {
    struct Piece {
        /// Of this piece and all before it.
        var fingerprint: Int
        var tokens: Int
        /// Whether the request asks to have everything up to here kept.
        var endsCache: Bool
    }

    /// Bytes of JSON a token: what the project's own estimate is not fitted to.
    private static let bytesPerToken = 5

    private(set) var pieces: [Piece] = []
    private var hasher = Hasher()

    var tokens: Int { pieces.last?.tokens ?? 0 }

    init(_ body: JSONValue) {
        for tool in body["tools"]?.arrayValue ?? [] { add(tool, from: "tools") }
        if let system = body["system"] {
            for block in system.arrayValue ?? [["type": "text", "text": system]] { add(block, from: "system") }
        }
        for message in body["messages"]?.arrayValue ?? [] {
            let role = message["role"]?.stringValue ?? ""
            if let blocks = message["content"]?.arrayValue {
                for block in blocks { add(block, from: role) }
            } else {
                add(message, from: role)
            }
        }
    }

    private mutating func add(_ value: JSONValue, from role: String) {
        var members = value.objectValue ?? [:]
        let mark = members.removeValue(forKey: "cache_control")
        let text = JSONValue.object(members).jsonText
        hasher.combine(role)
        hasher.combine(text)
        pieces.append(
            Piece(
                fingerprint: copy(hasher), tokens: tokens + 3 + text.utf8.count / Self.bytesPerToken,
                endsCache: mark != nil))
    }

    private func copy(_ hasher: Hasher) -> Int {
        let hasher = hasher
        return hasher.finalize()
    }
}
