import Conversation
import GRDB
import Sessions

/// Applies commits within a transaction of the caller's.
struct SessionWriter {
    let database: Database
    /// New messages whose words are not in the index yet.
    private var unindexed: [Int64] = []

    init(database: Database) { self.database = database }

    /// What a session's rows are found by.
    private struct Place {
        let key: Int64
        let ownerTerm: Int
    }

    /// Applies one commit.
    /// - Throws: `SessionStoreError`, `DatabaseError`; the caller rolls back what was changed until then
    mutating func apply(_ commit: SessionCommit) throws {
        var place = try place(of: commit.session)
        if let place, place.ownerTerm > commit.ownerTerm {
            throw SessionStoreError.outdatedTerm(current: place.ownerTerm)
        }
        for change in commit.changes {
            if case .created(let owner, let ref, let settings, let createdAt) = change {
                guard place == nil else { throw SessionStoreError.inconsistent("The session exists.") }
                let key = try create(commit, owner: owner, ref: ref, createdAt: createdAt)
                place = Place(key: key, ownerTerm: commit.ownerTerm)
                try set(settings, of: key)
            } else if case .deleted = change {
                // What is to be taken out of the index must be in it.
                try index()
                if let place { try run("DELETE FROM sessions WHERE key = ?", [place.key]) }
                return
            } else {
                try apply(change, to: try existing(place))
            }
        }
        try run(
            """
            UPDATE sessions SET owner_term = ?, epoch = ?, last_seq = ?, is_at_rest = ?, last_active_at = ? WHERE key = ?
            """,
            [
                commit.ownerTerm, commit.epoch.withoutNUL, commit.lastSeq, commit.isAtRest, commit.time,
                try existing(place),
            ])
    }

    private mutating func apply(_ change: SessionChange, to session: Int64) throws {
        switch change {
        case .created, .deleted: break
        case .settings(let settings): try set(settings, of: session)
        case .accepted(let turn, let message):
            try accept(turn, of: session)
            if let message { try insert(message, into: session) }
        case .started(let turn):
            try run("UPDATE turns SET state = 'running' WHERE key = ?", [try openTurn(turn, of: session)])
        case .progress(let turn, let pieces):
            let key = try openTurn(turn, of: session)
            for piece in pieces {
                try run(
                    "INSERT INTO reply_pieces (turn, number, item, block) VALUES (?, ?, ?, ?)",
                    [key, piece.number, piece.item, StoredContent.text(piece.block)])
            }
        case .waiting(let turn, let calls):
            try run(
                "UPDATE turns SET waiting = ? WHERE key = ?",
                [StoredTools.text(calls), try openTurn(turn, of: session)])
        case .ended(let turn, let reply):
            let key = try openTurn(turn, of: session)
            try run("UPDATE turns SET state = 'ended', client_tools = NULL, waiting = NULL WHERE key = ?", [key])
            try run("DELETE FROM reply_pieces WHERE turn = ?", [key])
            try insert(reply, into: session)
        case .head(let head):
            try run("UPDATE sessions SET head = ? WHERE key = ?", [try head.checked, session])
        case .summarised(let summary): try insert(summary, into: session)
        case .embedded(let model, let vectors): try insert(vectors, model: model, into: session)
        case .spent(let day, let spending): try add(spending, day: day, to: session)
        case .cleared:
            try index()
            try clear(session)
        }
    }

    // MARK: Sessions

    private func place(of session: String) throws -> Place? {
        let statement = try database.cachedStatement(sql: "SELECT key, owner_term FROM sessions WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [try session.checked]).map {
            Place(key: $0[0], ownerTerm: $0[1])
        }
    }

    private func existing(_ place: Place?) throws(SessionStoreError) -> Int64 {
        guard let place else { throw .inconsistent("There is no such session.") }
        return place.key
    }

    private func create(_ commit: SessionCommit, owner: Owner, ref: String?, createdAt: Int64) throws -> Int64 {
        try run(
            """
            INSERT INTO sessions
                (id, owner, creation_ref, owner_term, epoch, last_seq, is_at_rest, created_at, last_active_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                try commit.session.checked, try owner.key.checked, try ref?.checked, commit.ownerTerm,
                commit.epoch.withoutNUL, commit.lastSeq, commit.isAtRest, createdAt, commit.time,
            ])
        return database.lastInsertedRowID
    }

    private func clear(_ session: Int64) throws {
        try run(
            "INSERT OR IGNORE INTO cleared_refs (session, ref) SELECT session, ref FROM turns WHERE session = ?",
            [session])
        try run("DELETE FROM turns WHERE session = ?", [session])
        try run("DELETE FROM messages WHERE session = ?", [session])
        try run(
            """
            DELETE FROM session_settings
            WHERE session = ? AND key <> (SELECT settings FROM sessions WHERE sessions.key = session)
            """, [session])
        try run("UPDATE sessions SET head = NULL, first_words = NULL WHERE key = ?", [session])
    }

    // MARK: Settings

    private func set(_ settings: SessionSettings, of session: Int64) throws {
        let key = try self.key(of: settings, of: session)
        try run("UPDATE sessions SET settings = ? WHERE key = ?", [key, session])
        // What neither the session nor a turn has any more.
        try run(
            """
            DELETE FROM session_settings
            WHERE session = ? AND key <> ? AND key NOT IN (SELECT settings FROM turns WHERE turns.session = ?)
            """, [session, key, session])
    }

    /// The key of these settings, which are written where the session does not have them yet.
    private func key(of settings: SessionSettings, of session: Int64) throws -> Int64 {
        let text = StoredSettings.text(settings)
        let statement = try database.cachedStatement(
            sql: "SELECT key FROM session_settings WHERE session = ? AND content = ?")
        if let key = try Int64.fetchOne(statement, arguments: [session, text]) { return key }
        try run("INSERT INTO session_settings (session, content) VALUES (?, ?)", [session, text])
        return database.lastInsertedRowID
    }

    // MARK: Turns

    private func accept(_ turn: AcceptedTurn, of session: Int64) throws {
        try run(
            """
            INSERT INTO turns (session, id, kind, ref, parent, reply, seq, settings, client_tools, state)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued')
            """,
            [
                session, try turn.id.checked, turn.kind.rawValue, try turn.ref.checked, try turn.parent.checked,
                try turn.reply.checked, turn.seq, try key(of: turn.settings, of: session),
                StoredTools.text(turn.clientTools),
            ])
    }

    /// The key of a turn that has not ended.
    private func openTurn(_ turn: String, of session: Int64) throws -> Int64 {
        let statement = try database.cachedStatement(
            sql: "SELECT key FROM turns WHERE session = ? AND id = ? AND state <> 'ended'")
        guard let key = try Int64.fetchOne(statement, arguments: [session, turn]) else {
            throw SessionStoreError.inconsistent("There is no open turn \(turn).")
        }
        return key
    }

    /// Puts the words of the messages that came since the last call into the index.
    mutating func index() throws {
        for message in unindexed { try WordIndex(database: database).add(message) }
        unindexed = []
    }

    private mutating func insert(_ message: Message, into session: Int64) throws {
        let usage = message.usage
        try run(
            """
            INSERT INTO messages
                (session, id, parent, role, content, created_at, turn, partial, status, model, input_tokens,
                output_tokens, cache_read_tokens, cache_write_tokens, usage_is_estimated, record)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                session, try message.id.checked, try message.parent?.checked, message.role.rawValue,
                StoredContent.text(message.content), message.createdAt, try message.turn.checked, message.partial,
                message.status?.rawValue, message.model?.withoutNUL, usage?.inputTokens, usage?.outputTokens,
                usage?.cacheReadTokens, usage?.cacheWriteTokens, usage?.estimated,
                message.record.map(StoredRecord.text),
            ])
        unindexed.append(database.lastInsertedRowID)
        guard message.parent == nil, message.role == .user else { return }
        let words = (message.content.firstText ?? "").firstScalars(SessionSummary.firstWordsScalars)
        try run(
            "UPDATE sessions SET first_words = ? WHERE key = ? AND first_words IS NULL", [words.withoutNUL, session])
    }

    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
    }
}
