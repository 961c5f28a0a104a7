import Conversation
import JSON
import Sessions
import Testing

/// Searching a session by words, in every store.
@Suite struct WordTests {
    /// Three exchanges, and more sessions with other words, so that none is in most messages.
    private func fill(_ store: any SessionStore) async throws -> Writer {
        for name in ["x", "y", "z"] {
            var other = Writer(store, session: "s_\(name)")
            try await other.create()
            try await other.exchange(name, text: "A kestrel \(name) hovers", reply: [.text("over heaths")])
        }
        var writer = Writer(store, session: "s_1")
        try await writer.create()
        try await writer.exchange("1", text: "Where do whinchats nest?", reply: [.text("On the ground, in meadows.")])
        try await writer.exchange(
            "2", after: "a_1", text: "And the nest of a swift?", reply: [.text("Under roofs. A swift rarely lands.")])
        try await writer.exchange("3", after: "a_2", text: "Thanks!", reply: [.text("You are welcome.")])
        return writer
    }

    @Test(arguments: TestedStore.allCases)
    func `the best matches come first, of that session alone`(store: TestedStore) async throws {
        try await store.with { store in
            _ = try await fill(store)
            let found = try await store.matches(for: "whinchats in a nest, please", in: "s_1", limit: 9)
            #expect(found.first == "u_1")
            #expect(Set(found) == ["u_1", "a_1", "u_2", "a_2"])
            #expect(try await store.matches(for: "whinchats in a nest, please", in: "s_1", limit: 1) == ["u_1"])
            #expect(try await store.matches(for: "kestrel", in: "s_1", limit: 9) == [])
            #expect(try await store.matches(for: "kestrel", in: "s_y", limit: 9) == ["u_y"])
            #expect(try await store.matches(for: "kestrel", in: "s_0", limit: 9) == [])
            #expect(try await store.matches(for: "kestrel", in: "s_y", limit: 0) == [])
        }
    }

    @Test(
        arguments: TestedStore.allCases,
        [
            "\"", "'", "nest\"", "(", ")", "nest AND", "NOT nest", "nest NEAR(", "text : nest", "* nest", "^nest",
            "-nest",
            "nest*", "{a b}: nest", "a + nest", "nest\0", "--nest; DROP TABLE messages", "\u{301}", "?!", " ", "",
        ])
    func `any text is a query`(store: TestedStore, text: String) async throws {
        try await store.with { store in
            _ = try await fill(store)
            let found = try await store.matches(for: text, in: "s_1", limit: 9)
            #expect(text.contains("nest") ? found.contains("u_1") && found.contains("u_2") : found.isEmpty)
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `of a message without end the beginning is searched`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            let text = "ouzel " + String(repeating: "and on ", count: 20_000) + "dipper"
            try await writer.accept("1", after: nil, text: text)
            #expect(try await store.matches(for: "ouzel", in: "s_1", limit: 9) == ["u_1"])
            #expect(try await store.matches(for: "dipper", in: "s_1", limit: 9) == [])
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `a long text is searched for by its longest words`(store: TestedStore) async throws {
        try await store.with { store in
            _ = try await fill(store)
            let text = (0..<2_000).map { "w\($0)" }.joined(separator: " ")
            #expect(try await store.matches(for: "whinchats " + text, in: "s_1", limit: 9) == ["u_1"])
        }
    }

    @Test(
        arguments: TestedStore.allCases,
        [
            ("Das Café an der STRASSE", "strasse"), ("Das Café an der Straße", "cafe"), ("un cafe\u{301} noir", "CAFÉ"),
            ("今天天气怎么样？", "天气"), ("東京へ行きたい", "東京"), ("ร้านอาหารอยู่ที่ไหน", "อาหาร"),
            ("हिन्दी में लिखो", "हिन्दी"), ("어디에 있나요", "어디에"), ("Где гнездо?", "ГНЕЗДО"), ("v2.14 of it", "2.14"),
        ])
    func `words of many scripts are found`(store: TestedStore, example: (text: String, query: String)) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            try await writer.exchange("1", text: "Something else")
            try await writer.accept("2", after: "a_1", text: example.text)
            #expect(try await store.matches(for: example.query, in: "s_1", limit: 9) == ["u_2"])
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `thinking, tools and what is not said yet are not searched`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            let call = ToolCall(id: "c_1", name: "alpha", input: ["expression": "beta"])
            let reply: [ContentBlock] = [
                .thinking(Thinking(text: "gamma")), .text("delta"), .toolCall(call),
                .toolResult(ToolResult(call: "c_1", output: "epsilon", isError: false)), .text("zeta"),
            ]
            try await writer.accept("1")
            let pieces = [ReplyPiece(number: 0, item: 0, block: .text("eta"))]
            try await writer.commit(.started(turn: "t_1"), .progress(turn: "t_1", pieces))
            #expect(try await store.matches(for: "eta", in: "s_1", limit: 9) == [])
            try await writer.commit(.ended(turn: "t_1", reply: .reply("1", reply)))
            for word in ["alpha", "beta", "gamma", "epsilon", "kind", "text"] {
                #expect(try await store.matches(for: word, in: "s_1", limit: 9) == [])
            }
            #expect(try await store.matches(for: "delta", in: "s_1", limit: 9) == ["a_1"])
            #expect(try await store.matches(for: "zeta", in: "s_1", limit: 9) == ["a_1"])
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `what was cleared or deleted is not found, in the same commit too`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = try await fill(store)
            try await writer.commit(
                .accepted(.named("4", settings: Writer.settings), message: .user("4", [.text("nest four")])), .cleared,
                .accepted(.named("5", settings: Writer.settings), message: .user("5", [.text("nest five")])))
            #expect(try await store.matches(for: "nest", in: "s_1", limit: 9) == ["u_5"])
            try await writer.commit(
                .accepted(.named("6", settings: Writer.settings), message: .user("6", [.text("nest six")])), .deleted)
            try await writer.create()
            #expect(try await store.matches(for: "nest", in: "s_1", limit: 9) == [])
            #expect(try await store.matches(for: "kestrel", in: "s_x", limit: 9) == ["u_x"])
        }
    }
}
