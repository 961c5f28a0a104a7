import Conversation
import Foundation
import GRDB
import Logging
import NIOConcurrencyHelpers
import Sessions
import Testing

@testable import SQLiteStorage

/// Disks that are full or cannot be written: what is in memory goes on being served, and writing goes on when it can.
@Suite struct TroubleTests {
    @Test func `a full disk fails what does not fit, is logged once, and passes`() async throws {
        try await TemporaryFolder.with { folder in
            let lines = LogLines()
            let store = try SQLiteStorage(folder: DataFolder(path: folder.path), logger: lines.logger)
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            try await writer.exchange("1")
            let before = try await writer.stored()
            let pages = try await store.pool.writeWithoutTransaction { database in
                let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
                try database.execute(sql: "PRAGMA max_page_count = \(pages)")
                return pages
            }
            #expect(pages > 0)
            let secret = String(repeating: "secret ", count: 10_000)
            for index in 2..<5 {
                let message = Message.user("\(index)", [.text(secret)])
                let result = await store.commit(
                    writer.next([.accepted(.named("\(index)", settings: Writer.settings), message: message)]))
                #expect(isUnavailable(result))
            }
            #expect(try await writer.stored() == before)
            try await store.pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA max_page_count = 1000000")
            }
            try await writer.accept("9", text: secret)
            try await writer.exchange("10", text: secret)
            #expect(lines.all.count == 2)
            #expect(lines.all.first?.contains("cannot be saved") == true)
            #expect(lines.all.last?.contains("can be saved again") == true)
            #expect(lines.all.allSatisfy { !$0.contains("secret") })
            await store.close()
        }
    }

    @Test func `a full disk ends the whole group, and none of it is half there`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try folder.open()
            var small = Writer(store, session: "s_small")
            try await small.create()
            var large = Writer(store, session: "s_large")
            try await large.create()
            try await store.pool.writeWithoutTransaction { database in
                let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
                try database.execute(sql: "PRAGMA max_page_count = \(pages)")
            }
            let text = ContentBlock.text(String(repeating: "x", count: 100_000))
            let commits = [
                small.next([.head("a_1")]),
                large.next([.accepted(.named("1", settings: Writer.settings), message: .user("1", [text]))]),
                small.next([.head("a_2")]),
            ]
            let results = await withCheckedContinuation { done in
                let results = NIOLockedValueBox<[Bool]>([])
                // All wait until the writer is free, and go into one transaction.
                store.pool.asyncWriteWithoutTransaction { _ in
                    for commit in commits {
                        store.write(commit) { result in
                            let all = results.withLockedValue { results in
                                results.append(isUnavailable(result))
                                return results
                            }
                            if all.count == commits.count { done.resume(returning: all) }
                        }
                    }
                }
            }
            // SQLite itself rolls back the transaction.
            #expect(results == [true, true, true])
            #expect(try await small.stored()?.head == nil)
            #expect(try await large.stored()?.turns == [])
            // What needs no more room goes on.
            try await small.commit(.head("a_3"))
            await store.close()
        }
    }

    @Test func `a database that cannot be written fails commits and is still read`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try folder.open()
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 1") }
            #expect(isUnavailable(await store.commit(writer.next([.head("a_1")]))))
            #expect(try await writer.stored()?.head == nil)
            try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 0") }
            try await writer.commit(.head("a_1"))
            await store.close()
        }
    }

    @Test func `a lock of another program fails commits for as long as it is held`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try folder.open()
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            // The writer would wait for 5 s.
            try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA busy_timeout = 1") }
            let other = try DatabaseQueue.otherProgram(folder.database)
            try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
            #expect(isUnavailable(await store.commit(writer.next([.head("a_1")]))))
            try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
            try other.close()
            try await writer.commit(.head("a_1"))
            await store.close()
        }
    }

    @Test func `close completes what was written, and then refuses`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try folder.open()
            var writer = Writer(store, session: "s_1")
            let completed = NIOLockedValueBox(0)
            store.write(writer.next([.created(owner: Writer.owner, ref: nil, settings: Writer.settings, createdAt: 1)]))
            { _ in completed.withLockedValue { $0 += 1 } }
            for index in 1..<1_000 {
                store.write(writer.next([.head("a_\(index)")])) { _ in completed.withLockedValue { $0 += 1 } }
            }
            await store.close()
            #expect(completed.withLockedValue(\.self) == 1_000)
            #expect(isUnavailable(await store.commit(writer.next([.head("a_0")]))))
            let log = try? FileManager.default.attributesOfItem(atPath: folder.database + "-wal")[.size] as? Int
            #expect(log ?? 0 == 0)
            let second = try folder.open()
            #expect(try await second.session("s_1")?.head == "a_999")
            await second.close()
        }
    }
}

/// What is logged, for tests.
final class LogLines: Sendable {
    private let lines = NIOLockedValueBox<[String]>([])

    var all: [String] { lines.withLockedValue(\.self) }

    var logger: Logger {
        var logger = Logger(label: "test")
        logger.handler = Handler(lines: self)
        return logger
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        init(lines: LogLines) { self.lines = lines }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.lines.withLockedValue { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
        }
    }
}
