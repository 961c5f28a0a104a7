import GRDB

/// The index of messages' words.
///
/// FTS5 only notes that a message is gone; its words stay in the file until the parts of the index that have them are merged
/// with the note. (The option `secure-delete`, which does it at once, came with SQLite 3.42; Debian 12 has 3.40.) So after a
/// deletion the whole index is merged, in steps between which commits go on.
struct WordIndex {
    let database: Database

    /// Pages of about 4 KB that a step writes: 64, some milliseconds, as commits wait meanwhile.
    static let pagesPerStep = 64

    /// Puts a message into the index, if it is there.
    func add(_ message: Int64) throws {
        try database.cachedStatement(
            sql: """
                INSERT INTO message_words (rowid, owner, session, text)
                SELECT key, owner, session, text FROM message_texts WHERE key = ?
                """
        ).execute(arguments: [message])
    }

    // MARK: After deletions

    /// How many messages were taken out since the words of all that were have gone.
    func removed() throws -> Int {
        try Int.fetchOne(try database.cachedStatement(sql: "SELECT count FROM words_removed")) ?? 0
    }

    /// Begins to merge all that the index has now into one.
    func beginMerge() throws { _ = try merge(-Self.pagesPerStep) }

    /// - Returns: whether there may be more to do
    func continueMerge() throws -> Bool { try merge(Self.pagesPerStep) }

    /// Writes the merged index anew, after which the words of so many messages have gone; where more were taken out
    /// meanwhile, theirs are still to go.
    ///
    /// SQLite overwrites what is deleted from a page (`secure_delete`), but not what it leaves in the free part of a page when
    /// it moves rows to another one. It does clear pages that a table gives back: so all rows leave their tables once, and
    /// come back in order. In one transaction, about 10 ms for each MB of the index.
    func rewrite(after removed: Int) throws {
        try database.inTransaction(.immediate) {
            for (table, other, key) in [
                ("message_words_data", "words_moved", "id"), ("message_words_idx", "words_moved_terms", "segid, term"),
            ] {
                try database.execute(
                    sql: """
                        INSERT INTO \(other) SELECT * FROM \(table) ORDER BY \(key);
                        DELETE FROM \(table);
                        INSERT INTO \(table) SELECT * FROM \(other) ORDER BY \(key);
                        DELETE FROM \(other);
                        """)
            }
            try database.execute(sql: "UPDATE words_removed SET count = count - ?", arguments: [removed])
            return .commit
        }
    }

    /// All of it at once.
    func purge() throws {
        let removed = try removed()
        guard removed > 0 else { return }
        try beginMerge()
        while try continueMerge() {}
        try rewrite(after: removed)
    }

    private func merge(_ pages: Int) throws -> Bool {
        // What a failed commit may have left open.
        if database.isInsideTransaction { try database.rollback() }
        let before = database.totalChangesCount
        try database.cachedStatement(sql: "INSERT INTO message_words (message_words, rank) VALUES ('merge', ?)")
            .execute(arguments: [pages])
        // FTS5's documentation: fewer than two changes are a merge that found nothing to do.
        return database.totalChangesCount - before >= 2
    }
}
