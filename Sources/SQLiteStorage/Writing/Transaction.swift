import GRDB
import Sessions

/// One transaction for commits of many sessions, each of which fails alone.
struct Transaction {
    let database: Database

    /// - Returns: what became of each; a success is durable
    func write(_ commits: [SessionCommit]) -> [Result<Void, SessionStoreError>] {
        do {
            // What an earlier failure may have left.
            if database.isInsideTransaction { try database.rollback() }
            try database.beginTransaction(.immediate)
            let results = try apply(commits)
            try database.commit()
            return results
        } catch {
            // Rolled back by SQLite itself after some failures.
            try? database.rollback()
            return commits.map { _ in .failure(SessionStoreError(error)) }
        }
    }

    /// - Throws: what ended the whole transaction
    private func apply(_ commits: [SessionCommit]) throws -> [Result<Void, SessionStoreError>] {
        var writer = SessionWriter(database: database)
        let results = try commits.map { commit -> Result<Void, SessionStoreError> in
            try run("SAVEPOINT session_commit")
            do {
                var next = writer
                try next.apply(commit)
                try run("RELEASE session_commit")
                writer = next
                return .success(())
            } catch {
                // SQLite ends the whole transaction when the disk is full, the other sessions' changes with it.
                guard database.isInsideTransaction else { throw error }
                try run("ROLLBACK TO session_commit")
                try run("RELEASE session_commit")
                return .failure(SessionStoreError(error))
            }
        }
        // Outside of the savepoints: FTS5 writes what it has at the beginning of each.
        try writer.index()
        return results
    }

    private func run(_ sql: String) throws {
        try database.cachedStatement(sql: sql).execute()
    }
}
