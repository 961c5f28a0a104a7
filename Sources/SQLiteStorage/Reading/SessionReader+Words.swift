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

    /// The owner's sessions with a message, or a title, that has all words of a text, or words that begin with them.
    func summaries(
        of owner: Owner, matching text: String, before: SessionSummary?, limit: Int
    ) throws -> [SessionSummary] {
        let words = SearchWords.query(text)
        guard !words.isEmpty else { return [] }
        let all = words.map { "\"\($0)\"*" }.joined(separator: " AND ")
        let title = "coalesce((SELECT json_extract(content, '$.title') FROM session_settings WHERE key = settings), '')"
        // SQLite's own `lower` knows ASCII only.
        let inTitle = words.map { _ in "instr(\(DatabaseFunction.lowercase.name)(\(title)), ?) > 0" }
        let sql = """
            key IN (
                SELECT messages.session FROM message_words CROSS JOIN messages ON messages.key = message_words.rowid
                WHERE message_words MATCH ?
            ) OR (\(inTitle.joined(separator: " AND ")))
            """
        // The owner as the index has it: in hexadecimal, as a word.
        let key = owner.key.utf8.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        var arguments: StatementArguments = ["owner : \"\(key)\" AND text : (\(all))"]
        arguments += StatementArguments(words)
        return try summaries(of: owner, before: before, limit: limit, where: (sql, arguments))
    }
}
