import Conversation
import Foundation
import GRDB
import Sessions

/// What context policies look up.
extension SessionReader {
    func summaries(of session: Int64) throws -> [RunningSummary] {
        let sql = """
            SELECT messages.id, summaries.content FROM messages JOIN summaries ON summaries.last_message = messages.key
            WHERE messages.session = ? ORDER BY summaries.key
            """
        return try Row.fetchAll(try database.cachedStatement(sql: sql), arguments: [session]).map { row in
            guard case .text(let text) = try StoredContent.block(row[1]) else { throw StoredFormError(what: "summary") }
            return RunningSummary(text: text, lastMessage: row[0])
        }
    }

    /// The newest day's.
    func spending(of session: Int64) throws -> DailySpending? {
        let sql = """
            SELECT day, tokens, microdollars FROM session_spending WHERE session = ? ORDER BY day DESC LIMIT 1
            """
        return try Row.fetchOne(try database.cachedStatement(sql: sql), arguments: [session]).map {
            DailySpending(day: $0[0], spending: Spending(tokens: $0[1], microdollars: $0[2]))
        }
    }

    func spending(of owner: Owner, day: Int) throws -> Spending {
        let sql = "SELECT tokens, microdollars FROM owner_spending WHERE day = ? AND owner = ?"
        let row = try Row.fetchOne(try database.cachedStatement(sql: sql), arguments: [day, owner.key])
        return row.map { Spending(tokens: $0[0], microdollars: $0[1]) } ?? Spending()
    }

    func calibrations() throws -> [String: TokenCalibration] {
        let rows = try Row.fetchAll(
            database, sql: "SELECT model, estimated, reported, steady_scale FROM calibrations")
        return Dictionary(
            uniqueKeysWithValues: rows.map {
                ($0[0], TokenCalibration(estimated: $0[1], reported: $0[2], steadyScale: $0[3]))
            })
    }

    func messagesToEmbed(model: String, in session: String, limit: Int) throws -> [(id: String, text: String)] {
        let sql = """
            SELECT messages.id, content FROM messages JOIN sessions ON sessions.key = session
            WHERE sessions.id = ?
                AND NOT EXISTS (SELECT 1 FROM vectors WHERE message = messages.key AND vectors.model = ?)
            ORDER BY messages.key
            """
        let rows = try Row.fetchCursor(
            try database.cachedStatement(sql: sql), arguments: [session, model.withoutNUL])
        var messages: [(id: String, text: String)] = []
        while messages.count < limit, let row = try rows.next() {
            let text = try StoredContent.blocks(row[1]).visibleText
            if text.contains(where: { !$0.isWhitespace }) { messages.append((row[0], text)) }
        }
        return messages
    }

    func nearest(to vector: [Float], model: String, in session: String, limit: Int) throws -> [String] {
        let sql = """
            SELECT messages.id, vector FROM messages JOIN vectors ON message = messages.key AND vectors.model = ?
            WHERE session = (SELECT key FROM sessions WHERE id = ?)
            """
        let rows = try Row.fetchCursor(
            try database.cachedStatement(sql: sql), arguments: [model.withoutNUL, session])
        var nearest = NearestVectors<String>(to: vector, limit: limit)
        while let row = try rows.next() {
            try row.withUnsafeData(atIndex: 1) { $0?.withUnsafeBytes { nearest.show(row[0], $0) } }
        }
        return nearest.ids
    }
}
