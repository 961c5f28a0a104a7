import CoreMetrics
import DequeModule
import GRDB
import Logging
import NIOConcurrencyHelpers
import Sessions

/// Writes the commits of all sessions: those that wait while a transaction runs become the next transaction together.
///
/// No timer: a commit that finds nothing running starts at once, and under load the group grows by itself to what arrives
/// during one write to the disk.
final class GroupCommit: Sendable {
    typealias Completion = @Sendable (Result<Void, SessionStoreError>) -> Void

    /// Commits in one transaction. 512 of them take about 20 ms; beyond, the share of the disk's wait in each is so small that
    /// a larger group would only make its first commit wait longer.
    static let maxGroup = 512

    private struct State {
        var waiting: Deque<(commit: SessionCommit, completion: Completion)> = []
        var isWriting = false
        var isClosed = false
    }

    private let pool: DatabasePool
    private let logger: Logger
    private let isInPlace: @Sendable () -> Bool
    private let committed: @Sendable ([SessionCommit]) -> Void
    private let groupSize: Recorder
    private let state = NIOLockedValueBox(State())
    /// Of the writer's queue alone.
    private let isFailing = NIOLockedValueBox(false)

    /// - Parameters:
    ///   - isInPlace: whether the file that is written is still the one that the next start will open
    ///   - committed: called on the writer's queue with what has become durable, before the completions
    init(
        pool: DatabasePool, logger: Logger, metrics: any MetricsFactory, isInPlace: @escaping @Sendable () -> Bool,
        committed: @escaping @Sendable ([SessionCommit]) -> Void
    ) {
        self.isInPlace = isInPlace
        groupSize = Recorder(label: "whinchat_commit_group_size", factory: metrics)
        self.pool = pool
        self.logger = logger
        self.committed = committed
    }

    func write(_ commit: SessionCommit, completion: @escaping Completion) {
        let (isClosed, starts) = state.withLockedValue { state in
            guard !state.isClosed else { return (true, false) }
            state.waiting.append((commit, completion))
            defer { state.isWriting = true }
            return (false, !state.isWriting)
        }
        if isClosed { return completion(.failure(.unavailable("The store is closed."))) }
        if starts { schedule() }
    }

    /// Takes no more commits, and returns when those that were taken have completed.
    func close() async {
        state.withLockedValue { $0.isClosed = true }
        // Each round comes after at least one group.
        while state.withLockedValue({ $0.isWriting }) {
            await withCheckedContinuation { turn in pool.asyncWriteWithoutTransaction { _ in turn.resume() } }
        }
    }

    private func schedule() {
        pool.asyncWriteWithoutTransaction { self.writeGroup($0) }
    }

    private func writeGroup(_ database: Database) {
        let group = state.withLockedValue { state in
            let count = min(state.waiting.count, Self.maxGroup)
            let group = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            return group
        }
        let results: [Result<Void, SessionStoreError>] =
            isInPlace()
            ? Transaction(database: database).write(group.map(\.commit))
            // It could still be written, and would be gone with the process.
            : group.map { _ in .failure(.unavailable("The database's file was removed or replaced.")) }
        groupSize.record(Int64(group.count))
        report(results)
        committed(zip(group, results).compactMap { if case .success = $1 { $0.commit } else { nil } })
        for (entry, result) in zip(group, results) { entry.completion(result) }
        let goesOn = state.withLockedValue { state in
            state.isWriting = !state.waiting.isEmpty
            return state.isWriting
        }
        // Not a loop: what else waits for the writer, a checkpoint, gets its turn between two groups.
        if goesOn { schedule() }
    }

    private func report(_ results: [Result<Void, SessionStoreError>]) {
        var reason: String?
        for case .failure(.unavailable(let text)) in results { reason = text }
        let isFailing = reason != nil
        let wasFailing = self.isFailing.withLockedValue { value in
            defer { value = isFailing }
            return value
        }
        if let reason, !wasFailing {
            logger.error("sessions cannot be saved", metadata: ["reason": "\(reason)"])
        } else if wasFailing, !isFailing {
            logger.notice("sessions can be saved again")
        }
    }
}
