import Conversation
import Foundation
import Logging
import SQLiteStorage
import Sessions
import Testing

@Suite struct SessionArchiveTests {
    @Test func `sessions are read while a server writes, and after it has gone`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try folder.open()
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            try await writer.exchange("1")
            let archive = try SessionArchive(folder: folder.path)
            #expect(try archive.session("s_1") == (try await writer.stored()))
            #expect(try archive.session("s_2") == nil)
            try await writer.exchange("2", after: "a_1")
            let last = try await writer.stored()
            #expect(try archive.session("s_1") == last)
            await store.close()
            #expect(try SessionArchive(folder: folder.path).session("s_1") == last)
            #expect(try archive.session("s_1") == last)
        }
    }

    @Test func `pages of summaries`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try folder.open()
            for index in 0..<5 {
                var writer = Writer(store, session: "s_\(index)")
                try await writer.create(owner: Owner(key: "\(index)"))
            }
            let archive = try SessionArchive(folder: folder.path)
            let first = try archive.summaries(before: nil, limit: 3)
            let second = try archive.summaries(before: first.last, limit: 3)
            #expect((first + second).map(\.id) == ["s_4", "s_3", "s_2", "s_1", "s_0"])
            await store.close()
        }
    }

    @Test func `a folder without a database is left as it is`() async throws {
        try await TemporaryFolder.with { folder in
            #expect(throws: SQLiteStorageError.missing(path: folder.database)) {
                try SessionArchive(folder: folder.path)
            }
            #expect(!FileManager.default.fileExists(atPath: folder.path))
        }
    }

    @Test func `a database of another version, or none at all, is refused`() async throws {
        try await TemporaryFolder.with { folder in
            try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
            try "".write(toFile: folder.database, atomically: false, encoding: .utf8)
            #expect(throws: SQLiteStorageError.olderVersion(path: folder.database)) {
                try SessionArchive(folder: folder.path)
            }
            try String(repeating: "no database ", count: 100).write(
                toFile: folder.database, atomically: false, encoding: .utf8)
            let error = #expect(throws: SQLiteStorageError.self) { try SessionArchive(folder: folder.path) }
            #expect(error?.description.contains("is damaged") == true)
        }
    }
}
