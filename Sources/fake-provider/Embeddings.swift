import JSON

/// Vectors of texts for `/v1/embeddings`: how often each word is in them, at places that follow from the word. Texts that share
/// words are near each other; nothing is known of meaning, except that "automobile" is a "car".
enum Embeddings {
    private static let dimensions = 256
    private static let synonyms = ["automobile": "car"]

    static func answer(to body: JSONValue) -> JSONValue? {
        let texts = body["input"]?.stringValue.map { [$0] } ?? body["input"]?.arrayValue?.compactMap(\.stringValue)
        guard let texts, !texts.isEmpty else { return nil }
        let tokens = texts.reduce(0) { $0 + $1.utf8.count / 5 }
        return [
            "object": "list", "model": body["model"] ?? nil,
            "data": .array(
                texts.enumerated().map { index, text in
                    ["object": "embedding", "index": .int(index), "embedding": .array(vector(of: text))]
                }),
            "usage": ["prompt_tokens": .int(tokens), "total_tokens": .int(tokens)],
        ]
    }

    private static func vector(of text: String) -> [JSONValue] {
        var vector = [Double](repeating: 0, count: dimensions)
        vector[0] = 0.01
        for word in text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
            let word = synonyms[String(word)] ?? String(word)
            // Not `Hasher`, which is seeded anew in each process.
            let place = word.utf8.reduce(5_381) { ($0 &* 33 &+ Int($1)) & 0xFFFF_FFFF }
            vector[1 + place % (dimensions - 1)] += 1
        }
        return vector.map { .double($0) }
    }
}
