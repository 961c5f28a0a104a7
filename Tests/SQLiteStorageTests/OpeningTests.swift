import Conversation
import Foundation
import GRDB
import Logging
import Sessions
import Testing

@testable import SQLiteStorage

@Suite struct OpeningTests {
    @Test func `sessions are there again after a reopen`() async throws {
        try await TemporaryFolder.with { folder in
            let first = try folder.open()
            var writer = Writer(first, session: "s_1")
            try await writer.create(ref: "r_0")
            try await writer.exchange("1")
            try await writer.accept("2", after: "a_1")
            try await writer.commit(.started(turn: "t_2"))
            try await writer.commit(.progress(turn: "t_2", [ReplyPiece(number: 0, item: 0, block: .text("It "))]))
            let before = try await writer.stored()
            await first.close()
            let second = try folder.open()
            #expect(try await second.session("s_1") == before)
            #expect(try await second.unfinishedSessions() == ["s_1"])
            await second.close()
        }
    }

    @Test func `the writer waits for the disk, and overwrites what it deletes`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try folder.open()
            // In a group's own place: on the connection that commits, after everything that opens it.
            let pragmas = try await store.pool.writeWithoutTransaction { database in
                try ["synchronous", "secure_delete", "foreign_keys", "journal_mode", "busy_timeout"].map {
                    try String.fetchOne(database, sql: "PRAGMA \($0)")
                }
            }
            #expect(pragmas == ["2", "1", "1", "wal", "5000"])
            await store.close()
        }
    }

    @Test func `the files are their owner's alone`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try folder.open()
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(names.contains(SQLiteStorage.fileName + "-wal"))
            for name in names {
                let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/" + name)
                #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
            }
            await store.close()
        }
    }

    @Test func `what was committed is there after the process died without a word`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try folder.open()
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            try await writer.exchange("1")
            // As `kill -9` leaves it: the files as they are at this moment, the log not emptied.
            try await TemporaryFolder.with { dead in
                try FileManager.default.createDirectory(atPath: dead.path, withIntermediateDirectories: true)
                for suffix in ["", "-wal"] {
                    try FileManager.default.copyItem(
                        atPath: folder.database + suffix, toPath: dead.database + suffix)
                }
                let second = try dead.open()
                #expect(try await second.session("s_1") == (try await writer.stored()))
                await second.close()
            }
            await store.close()
        }
    }

    @Test(arguments: ["not a database, only text that is long enough to have a header of its own, and a page", "x"])
    func `a file that is no database is refused`(contents: String) async throws {
        try await TemporaryFolder.with { folder in
            try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
            let text = String(repeating: contents, count: 100)
            try text.write(toFile: folder.database, atomically: false, encoding: .utf8)
            let error = #expect(throws: SQLiteStorageError.self) { try folder.open() }
            guard case .damaged(folder.database, _) = error else {
                Issue.record("not the error expected: \(String(describing: error))")
                return
            }
            #expect(error?.description.contains("Put a backup in its place") == true)
            // Nothing is lost of what might be saved.
            #expect(try String(contentsOfFile: folder.database, encoding: .utf8) == text)
        }
    }

    @Test func `a damaged page is an error of what needs it, not a crash`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try folder.open()
            for index in 0..<200 {
                var writer = Writer(store, session: "s_\(index)")
                try await writer.create()
                try await writer.exchange("1")
            }
            await store.close()
            let size = try #require(
                try FileManager.default.attributesOfItem(atPath: folder.database)[.size] as? UInt64)
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.database))
            // The first page has the schema; without it the file is not opened at all.
            try file.seek(toOffset: 4_096)
            try file.write(contentsOf: Data(repeating: 0xA5, count: Int(size) - 4_096))
            try file.close()
            guard let damaged = try? folder.open() else { return }
            var writer = Writer(damaged, session: "s_new")
            let result = await damaged.commit(
                writer.next([.created(owner: Writer.owner, ref: nil, settings: Writer.settings, createdAt: 1)]))
            #expect(isUnavailable(result))
            await #expect(throws: SessionStoreError.self) { try await damaged.session("s_1") }
            await damaged.close()
        }
    }

    @Test func `a folder in the file's place is refused`() async throws {
        try await TemporaryFolder.with { folder in
            try FileManager.default.createDirectory(atPath: folder.database, withIntermediateDirectories: true)
            let error = #expect(throws: SQLiteStorageError.self) { try folder.open() }
            guard case .inaccessible(folder.database, _) = error else {
                Issue.record("not the error expected: \(String(describing: error))")
                return
            }
        }
    }

    @Test func `the tables of a newer version are refused and left alone`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try folder.open()
            try await store.pool.write { database in
                try database.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('99 something newer')")
            }
            await store.close()
            #expect(throws: SQLiteStorageError.newerVersion(path: folder.database)) { try folder.open() }
            // The refused one has not kept the folder.
            let data = try DataFolder(path: folder.path)
            data.unlock()
        }
    }
}

func isUnavailable(_ result: Result<Void, SessionStoreError>) -> Bool {
    if case .failure(.unavailable) = result { true } else { false }
}
