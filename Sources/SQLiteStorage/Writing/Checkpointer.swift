import GRDB
import Logging
import NIOConcurrencyHelpers

/// Empties the write-ahead log: when it has grown, so that it stays small, and after a deletion, as what was deleted still
/// stands in it; and before, the words of what was deleted out of their index.
///
/// Most of the work is done on a connection of its own while commits go on; the writer only waits for the little that came
/// since, and for the log to be cut to nothing.
actor Checkpointer {
    /// Bytes of the log from which it is emptied: 4 MiB, SQLite's own default of 1,000 pages.
    static let maxLogBytes = 4 << 20

    /// How long the writer waits for readers before it gives up and tries later: 20 ms, about one group of commits.
    private static let readersTimeoutMilliseconds = 20

    /// How long until it is tried again where readers are in the way.
    private static let retryInterval = Duration.seconds(1)

    /// After so many tries without success, a minute, it is logged.
    private static let triesBeforeWarning = 60

    /// Steps of a merge after which the log is written back: 16 of 64 pages, about `maxLogBytes`.
    private static let stepsPerCheckpoint = 16

    private let pool: DatabasePool
    private let side: DatabaseQueue
    private let interval: Duration
    private let logger: Logger

    /// How many commits deleted something.
    private let deletions = NIOLockedValueBox(0)
    /// For how many of them the log has been emptied since.
    private var emptied = 0
    private var isStopped = false
    private var work: Task<Void, Never>?

    /// - Parameter interval: how long deletions are gathered
    init(pool: DatabasePool, side: DatabaseQueue, interval: Duration, logger: Logger) {
        self.pool = pool
        self.side = side
        self.interval = interval
        self.logger = logger
    }

    /// Something was deleted.
    nonisolated func deleted() {
        deletions.withLockedValue { $0 += 1 }
        Task { await start(after: interval) }
    }

    /// The log has grown beyond its bound.
    nonisolated func logGrew() {
        Task { await start(after: .zero) }
    }

    /// Returns when what was deleted before this call is out of the files, or never will be as the checkpointer was stopped.
    func textsGone() async {
        let goal = deletions.withLockedValue(\.self)
        while emptied < goal, !isStopped {
            start(after: interval)
            await work?.value
        }
    }

    func stop() async {
        isStopped = true
        work?.cancel()
        await work?.value
    }

    private func start(after delay: Duration) {
        guard work == nil, !isStopped else { return }
        work = Task { await run(after: delay) }
    }

    private func run(after delay: Duration) async {
        var delay = delay
        var tries = 0
        repeat {
            try? await Task.sleep(for: delay)
            let goal = deletions.withLockedValue(\.self)
            var reason = await purgeWords(for: goal)
            if reason == nil { reason = await empty() }
            if let reason {
                tries += 1
                if tries == Self.triesBeforeWarning {
                    logger.warning("the database's log cannot be emptied", metadata: ["reason": "\(reason)"])
                }
            } else {
                emptied = goal
                tries = 0
            }
            delay = Self.retryInterval
        } while (emptied < deletions.withLockedValue(\.self) || tries > 0) && !isStopped
        work = nil
    }

    /// - Returns: why the words of what was deleted are still there; nil: they are not
    private func purgeWords(for goal: Int) async -> String? {
        guard emptied < goal else { return nil }
        do {
            let removed = try await pool.writeWithoutTransaction { database in
                let index = WordIndex(database: database)
                let removed = try index.removed()
                if removed > 0 { try index.beginMerge() }
                return removed
            }
            guard removed > 0 else { return nil }
            var steps = 0
            // Not one transaction: commits that wait for the writer come between two steps.
            while try await pool.writeWithoutTransaction({ try WordIndex(database: $0).continueMerge() }) {
                if isStopped { return "the store is closed" }
                steps += 1
                // What the steps wrote goes through the log, which would grow with the index.
                if steps.isMultiple(of: Self.stepsPerCheckpoint) {
                    _ = try? await side.writeWithoutTransaction { try $0.checkpoint(.passive) }
                }
            }
            try await pool.writeWithoutTransaction { try WordIndex(database: $0).rewrite(after: removed) }
            return nil
        } catch {
            return "\((error as? DatabaseError)?.message ?? "\(error)")"
        }
    }

    /// - Returns: why the log could not be emptied; nil: it is empty
    private func empty() async -> String? {
        do {
            _ = try await side.writeWithoutTransaction { database in try database.checkpoint(.passive) }
            _ = try await pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA busy_timeout = \(Self.readersTimeoutMilliseconds)")
                defer { try? database.execute(sql: "PRAGMA busy_timeout = \(SQLiteStorage.busyTimeoutMilliseconds)") }
                return try database.checkpoint(.truncate)
            }
            return nil
        } catch let error as DatabaseError {
            return error.resultCode == .SQLITE_BUSY
                ? "something reads all the time" : error.message ?? "\(error.resultCode)"
        } catch {
            return "\(error)"
        }
    }
}
