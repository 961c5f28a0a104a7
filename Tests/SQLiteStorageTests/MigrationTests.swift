import Conversation
import Foundation
import GRDB
import JSON
import Sessions
import Testing

@testable import SQLiteStorage

/// Databases of earlier versions. What is in them was written with the tables of that version, here word for word: a migration
/// that was released must go on making just these.
@Suite struct MigrationTests {
    @Test func `a database of version 1 is read whole, and written`() async throws {
        try await TemporaryFolder.with { folder in
            try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
            let old = try DatabaseQueue(path: folder.database)
            try await old.write { try $0.execute(sql: Version1.tables + Version1.rows) }
            try old.close()
            let store = try folder.open()
            let settings = SessionSettings(
                title: "Sums", system: "Be brief.", model: "m-1", temperature: 0.5, tools: ["calculate"])
            let stored = try #require(try await store.session("s_1"))
            #expect(stored.owner == Owner(key: "anonymous:1"))
            #expect(stored.settings == settings)
            #expect(stored.turns.map(\.state) == [.ended, .running])
            #expect(stored.turns.map(\.accepted.settings) == [settings, settings])
            #expect(
                stored.turns[1].pieces == [
                    ReplyPiece(number: 0, item: 0, block: .thinking(Thinking(text: "Hm", signature: "sig")))
                ])
            #expect(
                stored.messages.map(\.content) == [
                    [.text("6*7?\0")],
                    [
                        .toolCall(ToolCall(id: "c_1", name: "calculate", input: ["expression": "6*7"])),
                        .toolResult(ToolResult(call: "c_1", output: "42", isError: false)),
                        .opaque(provider: "p", ["type": "later"]), .text("42."),
                    ], [.text("And 7*7?")],
                ])
            #expect(stored.messages[1].usage == Usage(inputTokens: 10, outputTokens: 5, cacheReadTokens: 2))
            #expect(stored.messages[1].status == .completed)
            #expect(stored.messages.allSatisfy { $0.record == nil })
            #expect(stored.head == "a_2")
            #expect(stored.clearedRefs == ["r_0"])
            #expect(try await store.summaries(of: nil, .all, before: nil, limit: 9).map(\.firstWords) == ["6*7?"])
            // What was there is searched too.
            #expect(try await store.matches(for: "7*7", in: "s_1", limit: 9).first == "u_2")
            #expect(try await store.matches(for: "42", in: "s_1", limit: 9) == ["a_1"])
            try await store.checkWordIndex()
            var writer = Writer(store, session: "s_1", ownerTerm: 1)
            try await writer.commit(.ended(turn: "t_2", reply: .reply("2", [.text("49.")])))
            try await writer.commit(.deleted)
            try await store.checkWordIndex()
            await store.close()
        }
    }

    @Test func `a new database has the tables that the migrations make, in their order`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try folder.open()
            let applied = try await store.pool.read { try Schema.migrator.appliedMigrations($0) }
            #expect(applied == ["1 sessions", "2 context", "3 words", "4 records"])
            let tables = try await store.pool.read { try Self.schema($0) }
            let old = try DatabaseQueue()
            let expected = try await old.write { database in
                try database.execute(sql: Version1.tables + Version2.tables + Version3.tables + Version4.tables)
                return try Self.schema(database)
            }
            #expect(tables == expected)
            await store.close()
        }
    }

    private static func schema(_ database: Database) throws -> [String] {
        try String.fetchAll(
            database,
            sql: """
                SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name <> 'grdb_migrations' ORDER BY name
                """)
    }
}
