import Foundation
import GRDB
package import Sessions

/// The sessions of a data folder, read only: also while a server works with them.
package final class SessionArchive: Sendable {
    private let queue: DatabaseQueue
    private let path: String

    /// - Throws: `SQLiteStorageError`
    package init(folder: String) throws(SQLiteStorageError) {
        let path = folder + "/" + SQLiteStorage.fileName
        guard FileManager.default.fileExists(atPath: path) else { throw .missing(path: path) }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(Double(SQLiteStorage.busyTimeoutMilliseconds) / 1_000)
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let (isNewer, isCurrent) = try queue.read { database in
                (try Schema.migrator.hasBeenSuperseded(database), try Schema.migrator.hasCompletedMigrations(database))
            }
            guard !isNewer else { throw SQLiteStorageError.newerVersion(path: path) }
            guard isCurrent else { throw SQLiteStorageError.olderVersion(path: path) }
            self.queue = queue
            self.path = path
        } catch let error as SQLiteStorageError {
            throw error
        } catch {
            throw SQLiteStorageError(error, path: path)
        }
    }

    /// A session, whole; nil where there is none.
    /// - Throws: `SQLiteStorageError`
    package func session(_ id: String) throws(SQLiteStorageError) -> StoredSession? {
        try read { try $0.session(id) }
    }

    /// Everybody's sessions, those that were active last first; `before` is the last one of the page before.
    /// - Throws: `SQLiteStorageError`
    package func summaries(before: SessionSummary?, limit: Int) throws(SQLiteStorageError) -> [SessionSummary] {
        try read { try $0.summaries(of: nil, .all, before: before, limit: limit) }
    }

    private func read<Value>(_ body: (SessionReader) throws -> Value) throws(SQLiteStorageError) -> Value {
        do {
            return try queue.read { try body(SessionReader(database: $0)) }
        } catch {
            throw SQLiteStorageError(error, path: path)
        }
    }
}
