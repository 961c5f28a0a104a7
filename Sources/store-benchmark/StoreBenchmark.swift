import ArgumentParser
import Conversation
import Foundation
import Logging
import SQLiteStorage
import Sessions

/// What a commit costs: so many sessions, each with one commit under way at any time, on the disk of a folder.
@main
struct StoreBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store-benchmark",
        abstract: "Measure commits: how many a second, how long each takes, and their CPU time.")

    /// Which of a session's commits are measured.
    enum Kind: String, CaseIterable, ExpressibleByArgument {
        /// A user's message and its turn: what a `send` waits for.
        case accept
        /// 200 bytes of a running reply, as about each second of it.
        case progress
        /// A whole exchange, as its three commits.
        case exchange
        /// No commit: the nearest vectors in a session of 10,000 messages.
        case nearest
        /// No commit: a search by words in such a session.
        case matches
    }

    @Option(help: "Busy sessions; may be repeated.")
    var sessions: [Int] = [1, 10, 100, 1_000]

    @Option(help: "Seconds for each.")
    var seconds: Double = 5

    @Option(help: ArgumentHelp("What is committed: \(Kind.allCases.map(\.rawValue).joined(separator: ", "))."))
    var kind: Kind = .accept

    @Option(help: "Folder whose disk is measured; a new one in it is removed afterwards.")
    var folder: String = "."

    func run() async throws {
        print("sessions  commits/s  p50 ms  p99 ms  max ms  CPU µs/commit")
        for count in sessions {
            let path = "\(folder)/store-benchmark-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: path) }
            let store = try SQLiteStorage(folder: DataFolder(path: path), logger: Logger(label: "store-benchmark"))
            print(try await measure(store, sessions: count))
            await store.close()
        }
    }

    private func measure(_ store: SQLiteStorage, sessions count: Int) async throws -> String {
        var loads = (0..<count).map { CommitLoad(store: store, session: "s_\($0)", kind: kind) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for load in loads { group.addTask { try await load.create() } }
            try await group.waitForAll()
        }
        let (clock, cpu) = (ContinuousClock.now, Self.processorSeconds())
        let end = clock + .seconds(seconds)
        let latencies = try await withThrowingTaskGroup(of: [Duration].self) { group in
            for load in loads { group.addTask { try await load.run(until: end) } }
            loads = []
            return try await group.reduce(into: []) { $0 += $1 }.sorted()
        }
        let wall = (ContinuousClock.now - clock) / .seconds(1)
        let busy = Self.processorSeconds() - cpu
        func milliseconds(_ share: Double) -> Double {
            latencies[min(Int(Double(latencies.count) * share), latencies.count - 1)] / .milliseconds(1)
        }
        return String(
            format: "%8d  %9.0f  %6.2f  %6.2f  %6.2f  %13.1f", count, Double(latencies.count) / wall,
            milliseconds(0.5), milliseconds(0.99), milliseconds(1), busy / Double(latencies.count) * 1e6)
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
