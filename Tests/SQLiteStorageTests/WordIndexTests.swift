import Conversation
import GRDB
import Sessions
import Testing

@testable import SQLiteStorage

/// The index of words in groups of commits, where some fail.
@Suite struct WordIndexTests {
    private func message(_ name: String, _ text: String) -> SessionChange {
        .accepted(.named(name, settings: Writer.settings), message: .user(name, [.text(text)]))
    }

    @Test func `commits of a group that fail leave no word, and those beside them all of theirs`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try folder.open()
            var writers = (0..<6).map { Writer(store, session: "s_\($0)") }
            for index in writers.indices { try await writers[index].create() }
            try await writers[3].exchange("0", text: "zero")
            try await writers[4].exchange("0", text: "zero")
            // Each that fails gives its message's key to the next one.
            let group = [
                writers[0].next([message("1", "one")]), writers[1].next([message("2", "two"), .started(turn: "no")]),
                writers[2].next([message("3", "three")]),
                writers[3].next([message("4", "four"), .cleared, .started(turn: "no")]),
                writers[4].next([message("5", "five"), .cleared, message("6", "six")]),
                writers[5].next([message("7", "seven"), .deleted]), writers[0].next([message("8", "eight")]),
            ]
            let results = try await store.pool.writeWithoutTransaction { Transaction(database: $0).write(group) }
            #expect(results.map(isInconsistent) == [false, true, false, true, false, false, false])
            let expected = [
                ["one", "eight"], [], ["three"], ["zero"], ["six"], [],
            ]
            for index in writers.indices {
                for word in ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight"] {
                    let found = try await store.matches(for: word, in: "s_\(index)", limit: 9)
                    #expect(found.isEmpty != expected[index].contains(word), "\(word) in \(index)")
                }
            }
            try await store.checkWordIndex()
            await store.close()
        }
    }

    @Test func `a damaged message can be deleted`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try folder.open()
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            let key = try await store.pool.write { database in
                try database.execute(
                    sql: """
                        INSERT INTO messages (session, id, role, content, created_at, turn, partial)
                        SELECT key, 'u_1', 'user', '[{"kind":', 1, 't_1', 0 FROM sessions
                        """)
                return database.lastInsertedRowID
            }
            try await store.pool.write { try WordIndex(database: $0).add(key) }
            try await writer.commit(.deleted)
            #expect(try await writer.stored() == nil)
            try await store.checkWordIndex()
            await store.close()
        }
    }
}
