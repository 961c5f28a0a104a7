import Conversation
import Foundation
import GRDB
import Logging
import Sessions
import Testing

@testable import SQLiteStorage

/// Deleted text leaves the files: `grep` finds nothing of it.
@Suite struct DeletionTests {
    /// So many sessions that their rows share pages, split them and move about in them.
    private static let count = 150

    private func fill(_ store: SQLiteStorage) async throws {
        for index in 0..<Self.count {
            var writer = Writer(store, session: "s_\(index)")
            try await writer.create(settings: SessionSettings(title: text(index), system: text(index), model: "m"))
            let padding = String(repeating: ".", count: index * 37 % 900)
            let reply = [ContentBlock.text(text(index) + padding)]
            try await writer.exchange("1", text: text(index) + padding, reply: reply)
            try await writer.accept("2", after: "a_1", text: text(index))
            try await writer.commit(.progress(turn: "t_2", [ReplyPiece(number: 0, item: 0, block: reply[0])]))
        }
    }

    private func text(_ index: Int) -> String { "needle-\(index)-in-the-hay" }

    private func change(_ change: SessionChange, every step: Int, in store: SQLiteStorage) async throws {
        for index in stride(from: 0, to: Self.count, by: step) {
            var writer = Writer(store, session: "s_\(index)")
            try await writer.commit(change)
            if change == .cleared {
                // Its settings are no history.
                try await writer.commit(.settings(SessionSettings(model: "m")))
            }
        }
    }

    @Test(arguments: [SessionChange.deleted, .cleared], [1, 2, 7])
    func `what was removed is in no file, and what was not still is`(change: SessionChange, step: Int) async throws {
        try await TemporaryFolder.with { folder in
            let store = try SQLiteStorage(
                folder: DataFolder(path: folder.path), deletionInterval: .milliseconds(1),
                logger: Logger(label: "test"))
            try await fill(store)
            try #expect(!folder.files(with: text(0)).isEmpty)
            try await self.change(change, every: step, in: store)
            await store.textsGone()
            for index in 0..<Self.count {
                let files = try folder.files(with: text(index))
                #expect(files.isEmpty == index.isMultiple(of: step), "\(index) \(files)")
            }
            await store.close()
        }
    }

    @Test func `a reader delays it, and it comes when the reader has ended`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try SQLiteStorage(
                folder: DataFolder(path: folder.path), deletionInterval: .milliseconds(1),
                logger: Logger(label: "test"))
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            try await writer.exchange("1", text: text(1))
            let reader = try DatabaseQueue.otherProgram(folder.database)
            try await reader.writeWithoutTransaction { database in
                try database.execute(sql: "BEGIN")
                _ = try Int.fetchOne(database, sql: "SELECT count(*) FROM sessions")
            }
            try await writer.commit(.deleted)
            let gone = Task { await store.textsGone() }
            // Commits go on meanwhile.
            var other = Writer(store, session: "s_2")
            try await other.create()
            try #expect(!folder.files(with: text(1)).isEmpty)
            try await reader.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
            await gone.value
            try #expect(folder.files(with: text(1)).isEmpty)
            try reader.close()
            await store.close()
        }
    }

    @Test func `what was deleted just before a crash is gone after the next start`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try folder.open()
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            try await writer.exchange("1", text: text(1))
            try await writer.commit(.deleted)
            try await TemporaryFolder.with { dead in
                try FileManager.default.createDirectory(atPath: dead.path, withIntermediateDirectories: true)
                for suffix in ["", "-wal"] {
                    try FileManager.default.copyItem(
                        atPath: folder.database + suffix, toPath: dead.database + suffix)
                }
                try #expect(!dead.files(with: text(1)).isEmpty)
                let second = try dead.open()
                try #expect(dead.files(with: text(1)).isEmpty)
                await second.close()
            }
            await store.close()
        }
    }

    @Test func `the log stays small however much is written`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try folder.open()
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            var largest = 0
            for index in 0..<120 {
                try await writer.exchange("\(index)", text: String(repeating: "x", count: 200_000))
                let attributes = try FileManager.default.attributesOfItem(atPath: folder.database + "-wal")
                largest = max(largest, attributes[.size] as? Int ?? 0)
            }
            // 24 MB went through it.
            #expect(largest < 4 * Checkpointer.maxLogBytes)
            await store.close()
        }
    }
}
