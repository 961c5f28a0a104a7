import Conversation
import Foundation

/// Messages in memory, searched by words: BM25, as SQLite's FTS5 does it (k1 1.2, b 0.75).
struct WordSearch {
    private let ids: [String]
    private let words: [[String: Int]]

    init(_ messages: [Message]) {
        ids = messages.map(\.id)
        words = messages.map { message in
            SearchWords.words(of: message.content.searchedText.withoutDiacritics).reduce(into: [:]) {
                $0[$1, default: 0] += 1
            }
        }
    }

    /// The ids of those that have any of the words, best first.
    func best(for text: String, limit: Int) -> [String] {
        let lengths = words.map { Double($0.values.reduce(0, +)) }
        let average = lengths.reduce(0, +) / Double(max(1, lengths.count))
        var scores: [Int: Double] = [:]
        for word in SearchWords.query(text.withoutDiacritics) {
            let hits = words.indices.filter { words[$0][word] != nil }
            let rarity = max(1e-6, log((Double(words.count - hits.count) + 0.5) / (Double(hits.count) + 0.5)))
            for hit in hits {
                let count = Double(words[hit][word] ?? 0)
                scores[hit, default: 0] +=
                    rarity * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * lengths[hit] / max(1, average)))
            }
        }
        return scores.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(limit).map { ids[$0.key] }
    }
}

extension String {
    var withoutDiacritics: String { folding(options: .diacriticInsensitive, locale: nil) }
}
