import GRDB
import Sessions

extension SessionReader {
    func matches(for text: String, in session: String, limit: Int) throws -> [String] {
        let words = SearchWords.query(text)
        let place = try database.cachedStatement(sql: "SELECT key FROM sessions WHERE id = ?")
        guard !words.isEmpty, let session = try Int64.fetchOne(place, arguments: [session]) else { return [] }
        // Words have letters, digits and marks only: nothing in them can end the quotes.
        let any = words.map { "\"\($0)\"" }.joined(separator: " OR ")
        // CROSS JOIN: the index first. How often a word is in all sessions' messages makes its weight.
        let sql = """
            SELECT messages.id FROM message_words CROSS JOIN messages ON messages.key = message_words.rowid
            WHERE message_words MATCH ? AND messages.session = ?
            ORDER BY bm25(message_words, 0, 0, 1), messages.key LIMIT ?
            """
        return try String.fetchAll(
            try database.cachedStatement(sql: sql),
            arguments: ["session : \"s\(session)\" AND text : (\(any))", session, max(0, limit)])
    }
}
