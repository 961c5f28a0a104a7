import Conversation
import Sessions
import Testing

/// What a store tells of many sessions.
@Suite struct ListTests {
    @Test(arguments: TestedStore.allCases)
    func `sessions are counted by owner and found by what made them`(store: TestedStore) async throws {
        try await store.with { store in
            let other = Owner(key: "local")
            for (session, owner, ref) in [
                ("s_1", Writer.owner, "r_1"), ("s_2", Writer.owner, nil), ("s_3", other, "r_1"),
                ("s_4", Writer.owner, "r_2"),
            ] {
                var writer = Writer(store, session: session)
                try await writer.create(owner: owner, ref: ref)
            }
            #expect(try await store.sessions(of: Writer.owner, createdBy: "r_1") == ("s_1", 3))
            #expect(try await store.sessions(of: Writer.owner, createdBy: "r_2") == ("s_4", 3))
            #expect(try await store.sessions(of: other, createdBy: "r_1") == ("s_3", 1))
            #expect(try await store.sessions(of: other, createdBy: "r_2") == (nil, 1))
            #expect(try await store.sessions(of: other, createdBy: nil) == (nil, 1))
            #expect(try await store.sessions(of: Owner(key: "nobody"), createdBy: "r_1") == (nil, 0))
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `sessions with a queued or a running turn are unfinished`(store: TestedStore) async throws {
        try await store.with { store in
            var idle = Writer(store, session: "s_1")
            try await idle.create()
            try await idle.exchange("1")
            var running = Writer(store, session: "s_2")
            try await running.create()
            try await running.exchange("1")
            try await running.accept("2")
            try await running.commit(.started(turn: "t_2"))
            try await running.accept("3")
            var queued = Writer(store, session: "s_3")
            try await queued.create()
            try await queued.accept("1")
            #expect(Set(try await store.unfinishedSessions()) == ["s_2", "s_3"])
            try await queued.commit(.ended(turn: "t_1", reply: .reply("1", [])))
            #expect(try await store.unfinishedSessions() == ["s_2"])
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `a summary has the title, the first words and the number of messages`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            func summary() async throws -> SessionSummary? {
                try await store.summaries(of: nil, .all, before: nil, limit: 10).first
            }
            #expect(
                try await summary()
                    == SessionSummary(
                        id: "s_1", owner: Writer.owner, title: "", firstWords: "", messageCount: 0, createdAt: 1_000,
                        lastActiveAt: 1_001))
            let long = String(repeating: "e\u{301}", count: 100)
            try await writer.exchange("1", text: long)
            // Another first message: the session began with the other one.
            try await writer.exchange("2", text: "Other")
            try await writer.commit(.settings(SessionSettings(title: "Title", model: "m")))
            let full = try #require(try await summary())
            #expect(full.title == "Title")
            #expect(full.firstWords.unicodeScalars.count == SessionSummary.firstWordsScalars)
            #expect(long.hasPrefix(full.firstWords))
            #expect(full.messageCount == 4)
            try await writer.commit(.cleared)
            #expect(try await summary()?.firstWords == "")
            #expect(try await summary()?.messageCount == 0)
            try await writer.exchange("3", text: "Again")
            #expect(try await summary()?.firstWords == "Again")
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `a session has begun once it has a message or a title`(store: TestedStore) async throws {
        try await store.with { store in
            func begun() async throws -> [String] {
                try await store.summaries(of: Writer.owner, .begun, before: nil, limit: 9).map(\.id).sorted()
            }
            var said = Writer(store, session: "s_1")
            try await said.create()
            var titled = Writer(store, session: "s_2")
            try await titled.create()
            #expect(try await begun() == [])
            try await said.exchange("1")
            #expect(try await begun() == ["s_1"])
            try await titled.commit(.settings(SessionSettings(title: "Title", model: "m")))
            #expect(try await begun() == ["s_1", "s_2"])
            try await said.commit(.cleared)
            #expect(try await begun() == ["s_2"])
        }
    }

    @Test(arguments: TestedStore.allCases, [1, 2, 3, 7, 100])
    func `pages together have every session once, those active last first`(store: TestedStore, limit: Int) async throws
    {
        try await store.with { store in
            let other = Owner(key: "local")
            for index in 0..<9 {
                var writer = Writer(store, session: "s_\(index)")
                try await writer.create(owner: index == 4 ? other : Writer.owner)
                // Three at the same time.
                for _ in 0..<(index * 5 % 9 / 3) { try await writer.commit(.head("a_1")) }
            }
            for owner in [nil, Writer.owner, other] {
                var pages: [SessionSummary] = []
                while true {
                    let page = try await store.summaries(of: owner, .all, before: pages.last, limit: limit)
                    #expect(page.count <= limit)
                    if page.isEmpty { break }
                    pages += page
                }
                let order = pages.map { "\($0.lastActiveAt) \($0.id)" }
                #expect(order == order.sorted(by: >))
                #expect(Set(order).count == order.count)
                #expect(pages.count == (owner == nil ? 9 : owner == other ? 1 : 8))
                #expect(pages.allSatisfy { owner == nil || $0.owner == owner })
            }
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `sessions are found by words of their titles and texts, one's own alone`(store: TestedStore) async throws {
        try await store.with { store in
            var moor = Writer(store, session: "s_1")
            var titled = Writer.settings
            titled.title = "Über Wheatears"
            try await moor.create(settings: titled)
            try await moor.exchange("1")
            try await moor.exchange("2", text: "And Whinchats on the moor?", reply: [.text("Brütvögel \"quoted\".")])
            var bread = Writer(store, session: "s_2")
            try await bread.create()
            try await bread.exchange("1", text: "How is bread baked? 東京", reply: [.text("On a moor? No.")])
            var theirs = Writer(store, session: "s_3")
            try await theirs.create(owner: Owner(key: "local"))
            try await theirs.exchange("1", text: "whinchats, bread")

            func found(_ text: String, owner: Owner = Writer.owner) async throws -> Set<String> {
                Set(try await store.summaries(of: owner, .matching(text), before: nil, limit: 9).map(\.id))
            }
            #expect(try await found("moor") == ["s_1", "s_2"])
            #expect(try await found("WHINCH the") == ["s_1"])
            #expect(try await found("über wheat") == ["s_1"])
            #expect(try await found("brutvogel") == ["s_1"])
            #expect(try await found("東京") == ["s_2"])
            #expect(try await found("bread") == ["s_2"])
            #expect(try await found("bread", owner: Owner(key: "local")) == ["s_3"])
            #expect(try await found("moor bread") == [])
            for nothing in ["", "\"", "* OR (", "text : moor AND NOT", "owner:6c6f63616c", "bread\" OR \"moor"] {
                let found = try await found(nothing)
                #expect(found.isSubset(of: []), "\(nothing)")
            }
            let first = try await store.summaries(of: Writer.owner, .matching("moor"), before: nil, limit: 1)
            let second = try await store.summaries(of: Writer.owner, .matching("moor"), before: first.last, limit: 9)
            #expect(Set((first + second).map(\.id)) == ["s_1", "s_2"] && first.count == 1)
            try await bread.commit(.deleted)
            #expect(try await found("moor") == ["s_1"])
        }
    }
}
