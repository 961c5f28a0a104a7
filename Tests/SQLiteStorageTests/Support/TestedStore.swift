import Foundation
import GRDB
import Logging
import Sessions
import Testing

@testable import SQLiteStorage

/// The stores that the conformance suite runs against.
enum TestedStore: String, CaseIterable, CustomTestStringConvertible {
    case memory, sqlite

    var testDescription: String { rawValue }

    /// Runs a test against a new store, which is gone afterwards.
    func with(_ body: (any SessionStore) async throws -> Void) async throws {
        switch self {
        case .memory: try await body(MemoryStore())
        case .sqlite:
            try await TemporaryFolder.with { folder in
                let store = try folder.open()
                try await body(store)
                await store.close()
            }
        }
    }
}

/// A folder for one test.
struct TemporaryFolder {
    let path: String

    static func with(_ body: (TemporaryFolder) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("whinchat-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(TemporaryFolder(path: path))
    }

    var database: String { path + "/" + SQLiteStorage.fileName }

    func open() throws -> SQLiteStorage {
        try SQLiteStorage(folder: DataFolder(path: path), logger: Logger(label: "test"))
    }

    /// The files whose bytes have a text, its UTF-8 as it stands.
    func files(with text: String) throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        return try names.filter { name in
            try Data(contentsOf: URL(fileURLWithPath: path + "/" + name)).range(of: Data(text.utf8)) != nil
        }
    }
}

extension SQLiteStorage {
    /// Fails where the index of words is not that of the messages that are there.
    func checkWordIndex() async throws {
        try await pool.write { database in
            try database.execute(
                sql: "INSERT INTO message_words (message_words, rank) VALUES ('integrity-check', 1)")
        }
    }
}

extension DatabaseQueue {
    /// Another program with the file open, whose transactions last as long as it likes.
    static func otherProgram(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        return try DatabaseQueue(path: path, configuration: configuration)
    }
}
