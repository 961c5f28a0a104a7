import Conversation
import JSON
import Sessions
import Testing

/// What context policies and bounds keep of a session, in every store.
@Suite struct ContextTests {
    @Test(arguments: TestedStore.allCases)
    func `summaries come back in the order in which they were made`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            for name in ["1", "2"] { try await writer.exchange(name) }
            let summaries = [
                RunningSummary(text: "Second\0, \u{1F426}", lastMessage: "a_2"),
                RunningSummary(text: "First", lastMessage: "a_1"),
                RunningSummary(text: "First, again", lastMessage: "a_1"),
            ]
            try await writer.commit(.summarised(summaries[0]), .summarised(summaries[1]))
            try await writer.commit(.summarised(summaries[2]))
            #expect(try await writer.stored()?.summaries == summaries)
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `clear removes summaries and vectors, and what comes too late is not kept`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            try await writer.exchange("1")
            let summary = RunningSummary(text: "Notes", lastMessage: "a_1")
            let vectors = [
                MessageVector(message: "u_1", values: [1, 0]), MessageVector(message: "no", values: [1, 0]),
            ]
            try await writer.commit(.summarised(summary), .embedded(model: "e", vectors))
            #expect(try await store.nearest(to: [1, 0], model: "e", in: "s_1", limit: 9) == ["u_1"])
            try await writer.commit(.cleared)
            try await writer.commit(.summarised(summary), .embedded(model: "e", vectors))
            #expect(try await writer.stored()?.summaries == [])
            #expect(try await store.nearest(to: [1, 0], model: "e", in: "s_1", limit: 9) == [])
            try await writer.exchange("1b")
            try await writer.commit(.deleted)
            try await writer.create()
            try await writer.accept("1")
            #expect(try await writer.stored()?.summaries == [])
            #expect(try await store.nearest(to: [1, 0], model: "e", in: "s_1", limit: 9) == [])
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `the nearest vectors come first, of that model, length and session alone`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            for name in ["1", "2", "3"] { try await writer.exchange(name) }
            let vectors: [MessageVector] = [
                MessageVector(message: "u_1", values: Self.vector(0.9)),
                MessageVector(message: "a_1", values: Self.vector(0.1).map { $0 * 7 }),
                MessageVector(message: "u_2", values: Self.vector(3)), MessageVector(message: "a_2", values: [1]),
                MessageVector(message: "u_3", values: [Float](repeating: 0, count: 35)),
                MessageVector(message: "a_3", values: [Float](repeating: .nan, count: 35)),
            ]
            try await writer.commit(.embedded(model: "e", vectors))
            try await writer.commit(.embedded(model: "f", [MessageVector(message: "a_2", values: Self.vector(0))]))
            var other = Writer(store, session: "s_2")
            try await other.create()
            try await other.exchange("9")
            try await other.commit(.embedded(model: "e", [MessageVector(message: "u_9", values: Self.vector(0))]))
            let vector = Self.vector(0)
            #expect(try await store.nearest(to: vector, model: "e", in: "s_1", limit: 9) == ["a_1", "u_1", "u_2"])
            #expect(try await store.nearest(to: vector, model: "e", in: "s_1", limit: 2) == ["a_1", "u_1"])
            #expect(try await store.nearest(to: vector, model: "e", in: "s_1", limit: 0) == [])
            #expect(try await store.nearest(to: vector, model: "f", in: "s_1", limit: 9) == ["a_2"])
            #expect(try await store.nearest(to: vector, model: "g", in: "s_1", limit: 9) == [])
            #expect(try await store.nearest(to: vector, model: "e", in: "s_3", limit: 9) == [])
            // A new vector takes the place of the old one.
            try await writer.commit(.embedded(model: "e", [MessageVector(message: "a_1", values: Self.vector(1.5))]))
            #expect(try await store.nearest(to: vector, model: "e", in: "s_1", limit: 2) == ["u_1", "a_1"])
        }
    }

    /// 35 numbers, which no machine's vector width divides; the larger the turn, the farther from that of 0.
    private static func vector(_ turn: Double) -> [Float] {
        (0..<35).map { $0 == 0 ? 1 : $0 == 34 ? Float(turn) : 0 }
    }

    @Test(arguments: TestedStore.allCases)
    func `messages to embed are those with text and without a vector, oldest first`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            let call = ToolCall(id: "c_1", name: "calculate", input: ["expression": "6*7"])
            let reply: [ContentBlock] = [
                .thinking(Thinking(text: "Hm")), .text("It is"), .toolCall(call),
                .toolResult(ToolResult(call: "c_1", output: "42", isError: false)), .text("42."),
            ]
            try await writer.exchange("1", text: "6*7?", reply: reply)
            try await writer.exchange("2", after: "a_1", text: " \n", reply: [.toolCall(call)])
            try await writer.accept("3", after: "a_2", text: "And 7*7?")
            try await writer.commit(.embedded(model: "f", [MessageVector(message: "u_1", values: [1])]))
            var missing = try await store.messagesToEmbed(model: "e", in: "s_1", limit: 9)
            #expect(missing.map(\.id) == ["u_1", "a_1", "u_3"])
            #expect(missing.map(\.text) == ["6*7?", "It is\n42.", "And 7*7?"])
            try await writer.commit(.embedded(model: "e", [MessageVector(message: "a_1", values: [1])]))
            missing = try await store.messagesToEmbed(model: "e", in: "s_1", limit: 9)
            #expect(missing.map(\.id) == ["u_1", "u_3"])
            missing = try await store.messagesToEmbed(model: "e", in: "s_1", limit: 1)
            #expect(missing.map(\.id) == ["u_1"])
            #expect(try await store.messagesToEmbed(model: "e", in: "s_2", limit: 9).isEmpty)
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `what is spent adds up for the session and its owner, day by day`(store: TestedStore) async throws {
        try await store.with { store in
            var first = Writer(store, session: "s_1")
            var second = Writer(store, session: "s_2")
            try await first.create()
            try await second.create()
            #expect(try await first.stored()?.spending == nil)
            try await first.commit(
                .spent(day: 20_000, Spending(tokens: 10, microdollars: 3)), .spent(day: 20_000, Spending(tokens: 5)))
            try await second.commit(.spent(day: 20_000, Spending(tokens: 100)))
            try await first.commit(.spent(day: 20_001, Spending(tokens: 1)))
            try await first.commit(.spent(day: 20_000, Spending(tokens: 1)))
            let newest = DailySpending(day: 20_001, spending: Spending(tokens: 1))
            #expect(try await first.stored()?.spending == newest)
            let sum = Spending(tokens: 116, microdollars: 3)
            #expect(try await store.spending(of: Writer.owner, day: 20_000) == sum)
            #expect(try await store.spending(of: Writer.owner, day: 19_999) == Spending())
            #expect(try await store.spending(of: Owner(key: "another"), day: 20_000) == Spending())
            // Emptying or deleting gives nothing back.
            try await first.commit(.cleared)
            #expect(try await first.stored()?.spending == newest)
            try await first.commit(.deleted)
            try await second.commit(.spent(day: 20_000, Spending(tokens: 4)), .deleted)
            #expect(try await store.spending(of: Writer.owner, day: 20_000) == sum + Spending(tokens: 4))
            try await first.create()
            #expect(try await first.stored()?.spending == nil)
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `a commit that fails spends nothing, and a sum ends at the greatest number`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            let commit = writer.next([.spent(day: 1, Spending(tokens: 10)), .started(turn: "no")])
            await #expect(throws: SessionStoreError.self) { try await store.commit(commit).get() }
            #expect(try await store.spending(of: Writer.owner, day: 1) == Spending())
            try await writer.commit(.spent(day: 1, Spending(tokens: .max)), .spent(day: 1, Spending(tokens: .max)))
            #expect(try await store.spending(of: Writer.owner, day: 1) == Spending(tokens: .max))
            #expect(try await writer.stored()?.spending?.spending == Spending(tokens: .max))
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `calibrations are kept by model, each the newest`(store: TestedStore) async throws {
        try await store.with { store in
            #expect(try await store.calibrations() == [:])
            let first = TokenCalibration(estimated: 1_000, reported: 1_234.5, steadyScale: 1.3)
            let second = TokenCalibration(estimated: 10, reported: 9, steadyScale: 1)
            try await store.save(["m-1": first, "m-2": first])
            try await store.save(["m-2": second])
            #expect(try await store.calibrations() == ["m-1": first, "m-2": second])
        }
    }
}
