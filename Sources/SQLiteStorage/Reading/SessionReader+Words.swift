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

    /// The title of a row of `sessions`.
    static let title =
        "coalesce((SELECT json_extract(content, '$.title') FROM session_settings WHERE key = settings), '')"

    /// What holds for sessions with a message of that owner, or a title, that has all words of a text, or words that begin with
    /// them; nil where nothing does.
    func condition(of owner: Owner?, matching text: String) -> (sql: String, arguments: StatementArguments)? {
        let words = SearchWords.query(text)
        guard !words.isEmpty else { return nil }
        let all = words.map { "\"\($0)\"*" }.joined(separator: " AND ")
        // SQLite's own `lower` knows ASCII only.
        let inTitle = words.map { _ in "instr(\(DatabaseFunction.lowercase.name)(\(Self.title)), ?) > 0" }
        let sql = """
            key IN (
                SELECT messages.session FROM message_words CROSS JOIN messages ON messages.key = message_words.rowid
                WHERE message_words MATCH ?
            ) OR (\(inTitle.joined(separator: " AND ")))
            """
        // The owner as the index has it: in hexadecimal, as a word.
        let key = owner?.key.utf8.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        var arguments: StatementArguments = ["\(key.map { "owner : \"\($0)\" AND " } ?? "")text : (\(all))"]
        arguments += StatementArguments(words)
        return (sql, arguments)
    }
}
