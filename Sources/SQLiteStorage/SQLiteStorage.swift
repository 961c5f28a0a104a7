package import Conversation
package import CoreMetrics
import Foundation
import GRDB
package import Logging
package import Sessions

/// Sessions in an SQLite database in a folder.
///
/// A commit that has completed has been written through to the disk (`synchronous` FULL).
package final class SQLiteStorage: SessionStore {
    /// The database's file in the folder.
    package static let fileName = "whinchat.sqlite"

    /// How long an access waits for a lock of another process, a tool on the same file: 5 s.
    static let busyTimeoutMilliseconds = 5_000

    /// How long deletions are gathered before they are taken out of the log: 2 s, of the minute that is promised.
    private static let deletionInterval = Duration.seconds(2)

    let pool: DatabasePool
    private let folder: DataFolder
    private let side: DatabaseQueue
    private let checkpointer: Checkpointer
    private let writer: GroupCommit

    /// Opens the database, makes it where there is none, and brings it up to this version. Blocks meanwhile.
    /// - Throws: `SQLiteStorageError`
    package convenience init(
        folder: DataFolder, logger: Logger, metrics: any MetricsFactory = NOOPMetricsHandler.instance
    ) throws(SQLiteStorageError) {
        try self.init(folder: folder, deletionInterval: Self.deletionInterval, logger: logger, metrics: metrics)
    }

    init(
        folder: DataFolder, deletionInterval: Duration, logger: Logger,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance
    ) throws(SQLiteStorageError) {
        let path = folder.path + "/" + Self.fileName
        try Self.makeFile(path)
        do {
            let pool = try DatabasePool(path: path, configuration: Self.configuration)
            try Self.prepare(pool)
            let side = try DatabaseQueue(path: path, configuration: Self.configuration)
            let checkpointer = Checkpointer(pool: pool, side: side, interval: deletionInterval, logger: logger)
            self.folder = folder
            self.pool = pool
            self.side = side
            self.checkpointer = checkpointer
            let file = Self.inode(path)
            writer = GroupCommit(
                pool: pool, logger: logger, metrics: metrics, isInPlace: { Self.inode(path) == file }
            ) { commits in
                if commits.contains(where: \.removesText) {
                    checkpointer.deleted()
                } else if Self.logBytes(path) > Checkpointer.maxLogBytes {
                    checkpointer.logGrew()
                }
            }
        } catch let error as SQLiteStorageError {
            throw error
        } catch {
            throw SQLiteStorageError(error, path: path)
        }
    }

    /// Completes what was written, empties the log, closes the files and gives the folder back. Later writes fail.
    package func close() async {
        await writer.close()
        await checkpointer.stop()
        try? side.close()
        await withCheckedContinuation { done in
            pool.asyncWriteWithoutTransaction { database in
                // If it cannot, the next start does.
                try? WordIndex(database: database).purge()
                _ = try? database.checkpoint(.truncate)
                done.resume()
            }
        }
        try? pool.close()
        folder.unlock()
    }

    /// Returns when the texts of what was deleted or cleared before are out of the files.
    package func textsGone() async {
        await checkpointer.textsGone()
    }

    // MARK: SessionStore

    package func write(
        _ commit: SessionCommit, completion: @escaping @Sendable (Result<Void, SessionStoreError>) -> Void
    ) {
        writer.write(commit, completion: completion)
    }

    package func session(_ id: String) async throws(SessionStoreError) -> StoredSession? {
        try await read { try $0.session(id) }
    }

    package func sessions(
        of owner: Owner, createdBy ref: String?
    ) async throws(SessionStoreError) -> (made: String?, count: Int) {
        try await read { try $0.sessions(of: owner, createdBy: ref) }
    }

    package func unfinishedSessions() async throws(SessionStoreError) -> [String] {
        try await read { try $0.unfinishedSessions() }
    }

    package func summaries(
        of owner: Owner?, _ selection: SessionSelection, before: SessionSummary?, limit: Int
    ) async throws(SessionStoreError) -> [SessionSummary] {
        try await read { try $0.summaries(of: owner, selection, before: before, limit: limit) }
    }

    package func matches(for text: String, in session: String, limit: Int) async throws(SessionStoreError) -> [String] {
        try await read { try $0.matches(for: text, in: session, limit: limit) }
    }

    package func nearest(
        to vector: [Float], model: String, in session: String, limit: Int
    ) async throws(SessionStoreError) -> [String] {
        try await read { try $0.nearest(to: vector, model: model, in: session, limit: limit) }
    }

    package func messagesToEmbed(
        model: String, in session: String, limit: Int
    ) async throws(SessionStoreError) -> [(id: String, text: String)] {
        try await read { try $0.messagesToEmbed(model: model, in: session, limit: limit) }
    }

    package func spending(of owner: Owner, day: Int) async throws(SessionStoreError) -> Spending {
        try await read { try $0.spending(of: owner, day: day) }
    }

    package func calibrations() async throws(SessionStoreError) -> [String: TokenCalibration] {
        try await read { try $0.calibrations() }
    }

    package func save(_ calibrations: [String: TokenCalibration]) async throws(SessionStoreError) {
        do {
            try await pool.write { database in
                for (model, calibration) in calibrations {
                    try database.execute(
                        sql: "INSERT OR REPLACE INTO calibrations VALUES (?, ?, ?, ?)",
                        arguments: [
                            model.withoutNUL, calibration.estimated, calibration.reported, calibration.steadyScale,
                        ])
                }
            }
        } catch {
            throw SessionStoreError(error)
        }
    }

    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (SessionReader) throws -> Value
    ) async throws(SessionStoreError) -> Value {
        do {
            return try await pool.read { try body(SessionReader(database: $0)) }
        } catch {
            throw SessionStoreError(error)
        }
    }
}

// MARK: - Opening

extension SQLiteStorage {
    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(Double(busyTimeoutMilliseconds) / 1_000)
        // A failed ROLLBACK must not end the process; `Transaction` looks after what is left open.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { database in
            database.add(function: SearchText.function)
            // Deleted text is overwritten, in pages that are given back too.
            try database.execute(sql: "PRAGMA secure_delete = ON")
            // The checkpointer does it; this is for the case that it cannot: 64 MiB.
            if !database.configuration.readonly { try database.execute(sql: "PRAGMA wal_autocheckpoint = 16384") }
        }
        return configuration
    }

    /// Before SQLite, so that the file is its owner's alone; SQLite gives its log the same rights.
    private static func makeFile(_ path: String) throws(SQLiteStorageError) {
        let file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0, fchmod(file, 0o600) == 0 else {
            let reason = String(cString: strerror(errno))
            if file >= 0 { Foundation.close(file) }
            throw .inaccessible(path: path, reason: reason)
        }
        Foundation.close(file)
    }

    private static func prepare(_ pool: DatabasePool) throws {
        guard try !pool.read(Schema.migrator.hasBeenSuperseded) else {
            throw SQLiteStorageError.newerVersion(path: pool.path)
        }
        try Schema.migrator.migrate(pool)
        try pool.writeWithoutTransaction { database in
            // Only now: GRDB sets NORMAL when it turns the log on, after `prepareDatabase`. With NORMAL a power cut takes the
            // last commits away.
            try database.execute(sql: "PRAGMA synchronous = FULL")
            guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2 else {
                throw SQLiteStorageError.notDurable(path: pool.path)
            }
            // What was deleted just before a crash.
            try WordIndex(database: database).purge()
            try database.checkpoint(.truncate)
        }
    }

    /// Which file that is; nil: none.
    private static func inode(_ path: String) -> ino_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_ino : nil
    }

    private static func logBytes(_ path: String) -> Int {
        var status = stat()
        return stat(path + "-wal", &status) == 0 ? Int(status.st_size) : 0
    }
}

extension SessionCommit {
    fileprivate var removesText: Bool {
        changes.contains { change in
            switch change {
            case .cleared, .deleted: true
            default: false
            }
        }
    }
}
