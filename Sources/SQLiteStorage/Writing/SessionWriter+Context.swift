import Conversation
import Foundation
import GRDB
import Sessions

/// What a session's context policy keeps, and what its turns used.
extension SessionWriter {
    /// Keeps a summary, if its last message is there.
    func insert(_ summary: RunningSummary, into session: Int64) throws {
        try run(
            """
            INSERT INTO summaries (last_message, content) SELECT key, ? FROM messages WHERE session = ? AND id = ?
            """, [StoredContent.text(.text(summary.text)), session, summary.lastMessage])
    }

    /// Keeps the vectors of those messages that are there.
    func insert(_ vectors: [MessageVector], model: String, into session: Int64) throws {
        for vector in vectors {
            // The `WHERE` also tells SQLite that `ON CONFLICT` is no join.
            try run(
                """
                INSERT INTO vectors (message, model, vector) SELECT key, ?, ? FROM messages WHERE session = ? AND id = ?
                ON CONFLICT (message, model) DO UPDATE SET vector = excluded.vector
                """,
                [model.withoutNUL, StoredVector.data(vector.values), session, vector.message])
        }
    }

    func add(_ spending: Spending, day: Int, to session: Int64) throws {
        let (tokens, microdollars) = (spending.tokens, spending.microdollars)
        // A sum beyond 64 bits becomes a float, and the cast the greatest number.
        try run(
            """
            INSERT INTO owner_spending (day, owner, tokens, microdollars)
            SELECT ?, owner, ?, ? FROM sessions WHERE key = ?
            ON CONFLICT (day, owner) DO UPDATE SET
                tokens = CAST(tokens + excluded.tokens AS INTEGER),
                microdollars = CAST(microdollars + excluded.microdollars AS INTEGER)
            """, [day, tokens, microdollars, session])
        try run(
            """
            INSERT INTO session_spending (session, day, tokens, microdollars) VALUES (?, ?, ?, ?)
            ON CONFLICT (session, day) DO UPDATE SET
                tokens = CAST(tokens + excluded.tokens AS INTEGER),
                microdollars = CAST(microdollars + excluded.microdollars AS INTEGER)
            """, [session, day, tokens, microdollars])
        // Nearly always nothing, and then a look at the tables' first rows.
        let oldest = day - Spending.keptDays
        try run("DELETE FROM owner_spending WHERE day < ?", [oldest])
        try run("DELETE FROM session_spending WHERE session = ? AND day < ?", [session, oldest])
    }
}
