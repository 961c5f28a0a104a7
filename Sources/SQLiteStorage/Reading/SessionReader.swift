import Conversation
import GRDB
import Sessions

/// Reads sessions within a transaction of the caller's, so that all is of one moment.
struct SessionReader {
    let database: Database

    /// A session, whole; nil where there is none.
    /// - Throws: `DatabaseError`, `StoredFormError`
    func session(_ id: String) throws -> StoredSession? {
        let sql = """
            SELECT key, id, owner, owner_term, epoch, last_seq, is_at_rest, settings, created_at, last_active_at, head
            FROM sessions WHERE id = ?
            """
        guard let row = try Row.fetchOne(try database.cachedStatement(sql: sql), arguments: [id]) else { return nil }
        let key: Int64 = row[0]
        let settings = try settings(of: key)
        return StoredSession(
            id: row[1], owner: Owner(key: row[2]), ownerTerm: row[3], epoch: row[4], lastSeq: row[5],
            isAtRest: row[6], settings: try settings.with(row[7]), createdAt: row[8], lastActiveAt: row[9],
            turns: try turns(of: key, settings: settings), messages: try messages(of: key), head: row[10],
            clearedRefs: try String.fetchSet(
                try database.cachedStatement(sql: "SELECT ref FROM cleared_refs WHERE session = ?"), arguments: [key]),
            summaries: try summaries(of: key), spending: try spending(of: key))
    }

    private func settings(of session: Int64) throws -> [Int64: SessionSettings] {
        let statement = try database.cachedStatement(
            sql: "SELECT key, content FROM session_settings WHERE session = ?")
        let rows = try Row.fetchAll(statement, arguments: [session])
        return Dictionary(uniqueKeysWithValues: try rows.map { ($0[0], try StoredSettings.settings($0[1])) })
    }

    private func turns(of session: Int64, settings: [Int64: SessionSettings]) throws -> [StoredTurn] {
        let sql = """
            SELECT key, id, kind, ref, parent, reply, seq, settings, state, client_tools, waiting
            FROM turns WHERE session = ? ORDER BY key
            """
        let rows = try Row.fetchCursor(try database.cachedStatement(sql: sql), arguments: [session])
        var turns: [StoredTurn] = []
        var unfinished: [(index: Int, key: Int64, waiting: String?)] = []
        while let row = try rows.next() {
            guard let kind = AcceptedTurn.Kind(rawValue: row[2]), let state = StoredTurn.State(rawValue: row[8]) else {
                throw StoredFormError(what: "turn")
            }
            if state != .ended { unfinished.append((turns.count, row[0], row[10])) }
            turns.append(
                StoredTurn(
                    accepted: AcceptedTurn(
                        id: row[1], kind: kind, ref: row[3], parent: row[4], reply: row[5], seq: row[6],
                        settings: try settings.with(row[7]), clientTools: try StoredTools.tools(row[9])),
                    state: state))
        }
        for (index, key, waiting) in unfinished {
            turns[index].pieces = try pieces(of: key)
            turns[index].waiting = try StoredTools.calls(waiting, in: turns[index].pieces.content)
        }
        return turns
    }

    private func pieces(of turn: Int64) throws -> [ReplyPiece] {
        let statement = try database.cachedStatement(
            sql: "SELECT number, item, block FROM reply_pieces WHERE turn = ? ORDER BY number")
        return try Row.fetchAll(statement, arguments: [turn]).map {
            ReplyPiece(number: $0[0], item: $0[1], block: try StoredContent.block($0[2]))
        }
    }

    private func messages(of session: Int64) throws -> [Message] {
        let sql = """
            SELECT id, parent, role, content, created_at, turn, partial, model, status, input_tokens, output_tokens,
                cache_read_tokens, cache_write_tokens, usage_is_estimated, record
            FROM messages WHERE session = ? ORDER BY key
            """
        let rows = try Row.fetchCursor(try database.cachedStatement(sql: sql), arguments: [session])
        var messages: [Message] = []
        while let row = try rows.next() { messages.append(try message(row)) }
        return messages
    }

    private func message(_ row: Row) throws -> Message {
        let status: String? = row[8]
        guard let role = Role(rawValue: row[2]), status == nil || status.flatMap(TurnStatus.init) != nil else {
            throw StoredFormError(what: "message")
        }
        var usage: Usage?
        if let inputTokens: Int = row[9] {
            usage = Usage(
                inputTokens: inputTokens, outputTokens: row[10] ?? 0, cacheReadTokens: row[11] ?? 0,
                cacheWriteTokens: row[12] ?? 0, estimated: row[13] ?? false)
        }
        return Message(
            id: row[0], parent: row[1], role: role, content: try StoredContent.blocks(row[3]), createdAt: row[4],
            turn: row[5], partial: row[6], model: row[7], usage: usage, status: status.flatMap(TurnStatus.init),
            record: try (row[14] as String?).map(StoredRecord.record))
    }

    // MARK: Many sessions

    func sessions(of owner: Owner, createdBy ref: String?) throws -> (made: String?, count: Int) {
        let made = try ref.flatMap { ref in
            try String.fetchOne(
                try database.cachedStatement(sql: "SELECT id FROM sessions WHERE owner = ? AND creation_ref = ?"),
                arguments: [owner.key, ref])
        }
        let count = try Int.fetchOne(
            try database.cachedStatement(sql: "SELECT count(*) FROM sessions WHERE owner = ?"), arguments: [owner.key])
        return (made, count ?? 0)
    }

    func unfinishedSessions() throws -> [String] {
        let sql = """
            SELECT id FROM sessions WHERE key IN (SELECT session FROM turns WHERE state <> 'ended') ORDER BY id
            """
        return try String.fetchAll(try database.cachedStatement(sql: sql))
    }

    func summaries(
        of owner: Owner?, _ selection: SessionSelection, before: SessionSummary?, limit: Int
    ) throws -> [SessionSummary] {
        var conditions: [String] = []
        var arguments = StatementArguments()
        if let owner {
            conditions.append("owner = ?")
            arguments += [owner.key]
        }
        if let before {
            conditions.append("(last_active_at, id) < (?, ?)")
            arguments += [before.lastActiveAt, before.id]
        }
        switch selection {
        case .all: break
        case .begun: conditions.append("(first_words IS NOT NULL OR \(Self.title) <> '')")
        case .matching(let text):
            guard let condition = condition(of: owner, matching: text) else { return [] }
            conditions.append("(\(condition.sql))")
            arguments += condition.arguments
        }
        arguments += [limit]
        let statement = try database.cachedStatement(
            sql: """
                SELECT id, owner, (SELECT content FROM session_settings WHERE key = sessions.settings), first_words,
                    (SELECT count(*) FROM messages WHERE session = sessions.key), created_at, last_active_at
                FROM sessions \(conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND "))")
                ORDER BY last_active_at DESC, id DESC LIMIT ?
                """)
        return try Row.fetchAll(statement, arguments: arguments).map { row in
            SessionSummary(
                id: row[0], owner: Owner(key: row[1]), title: try StoredSettings.settings(row[2]).title,
                firstWords: row[3] ?? "", messageCount: row[4], createdAt: row[5], lastActiveAt: row[6])
        }
    }
}

extension [Int64: SessionSettings] {
    fileprivate func with(_ key: Int64?) throws(StoredFormError) -> SessionSettings {
        guard let key, let settings = self[key] else { throw StoredFormError(what: "settings") }
        return settings
    }
}
