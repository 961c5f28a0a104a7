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
            try await writer.commit(.summarised(RunningSummary(text: text(index) + padding, lastMessage: "a_1")))
            try await writer.accept("2", after: "a_1", text: text(index))
            try await writer.commit(.progress(turn: "t_2", [ReplyPiece(number: 0, item: 0, block: reply[0])]))
        }
    }

    private func text(_ index: Int) -> String { "needle-\(index)-in-the-hay \(word(index))" }

    /// A word that has little in common with any other, as the index writes only the end in which two neighbours differ.
    private func word(_ index: Int) -> String {
        var state = UInt64(index + 1)
        return String(
            (0..<16).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Character(Unicode.Scalar(UInt8(ascii: "a") + UInt8((state >> 40) % 26)))
            })
    }

    /// What of it stands in the index as it is.
    private func ending(_ index: Int) -> String { String(word(index).suffix(10)) }

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
                let wordFiles = try folder.files(with: ending(index))
                #expect(wordFiles.isEmpty == index.isMultiple(of: step), "\(index) \(wordFiles)")
                let found = try await store.matches(for: word(index), in: "s_\(index)", limit: 9)
                #expect(found.isEmpty == index.isMultiple(of: step), "\(index)")
            }
            try await store.checkWordIndex()
            await store.close()
        }
    }

    @Test func `words leave a large index while commits go on`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try SQLiteStorage(
                folder: DataFolder(path: folder.path), deletionInterval: .milliseconds(1),
                logger: Logger(label: "test"))
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            // Some 4 MB of words: more than one step merges.
            for index in 0..<40 {
                let words = (0..<5_000).map { word(index * 5_000 + $0 + 1_000) }
                try await writer.exchange("\(index)", text: words.joined(separator: " "))
            }
            var doomed = Writer(store, session: "s_2")
            try await doomed.create()
            try await doomed.exchange("1", text: text(1))
            try await doomed.commit(.deleted)
            let gone = Task { await store.textsGone() }
            for index in 40..<60 { try await writer.exchange("\(index)", text: text(index)) }
            await gone.value
            try #expect(folder.files(with: ending(1)).isEmpty)
            try await store.checkWordIndex()
            #expect(try await store.matches(for: word(1_000), in: "s_1", limit: 9) == ["u_0"])
            await store.close()
        }
    }

    @Test func `a store that is closed at once has no word left of what was deleted`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try folder.open()
            for index in 1...3 {
                var writer = Writer(store, session: "s_\(index)")
                try await writer.create()
                try await writer.exchange("1", text: text(index))
                if index == 2 { try await writer.commit(.deleted) }
            }
            await store.close()
            try #expect(folder.files(with: ending(2)).isEmpty)
            try #expect(!folder.files(with: ending(3)).isEmpty)
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
            try #expect(folder.files(with: ending(1)).isEmpty)
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
                try #expect(dead.files(with: ending(1)).isEmpty)
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
