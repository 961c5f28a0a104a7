import Conversation
import JSON
import Sessions
import Testing

/// What is said comes back scalar for scalar.
@Suite struct ContentTests {
    static let texts: [String] = [
        "", " ", "\0", "a\0b\0", "\u{1}\u{8}\u{c}\u{1f}\u{7f}\u{85}\u{2028}", "\"\\/\r\n\t", "e\u{301} \u{e9} \u{fb01}",
        "\u{200f}\u{202e}\u{feff}\u{fffe}\u{ffff}\u{10ffff}", "👩‍👩‍👧‍👦🇺🇳", "'; DROP TABLE sessions; --",
        "[{\"kind\":\"text\",\"text\":\"\"}]", String(repeating: "\u{300}", count: 5_000),
    ]

    @Test(arguments: TestedStore.allCases, texts)
    func `text of any kind`(store: TestedStore, text: String) async throws {
        try await expectSame(
            [
                .text(text), .thinking(Thinking(text: text, signature: text)),
                .toolCall(ToolCall(id: text, name: text, input: .string(text))),
                .toolResult(ToolResult(call: text, output: text, isError: true)),
                .opaque(provider: text, .object([text.firstScalars(100): .string(text)])),
            ], in: store)
    }

    @Test(arguments: TestedStore.allCases)
    func `a text of four million bytes`(store: TestedStore) async throws {
        try await expectSame([.text(String(repeating: "Süß\0", count: 700_000))], in: store)
    }

    static let values: [JSONValue] = [
        .null, true, false, 0, -1, .int(.min), .int(.max), 0.1, -0.0, 1e300, .double(.leastNonzeroMagnitude), 1.0,
        .double(.pi), "", [], [:],
        [[], [:], nil], ["a": ["b": [1, 2.5, "c", nil]]],
        (0..<63).reduce(JSONValue.int(1)) { value, index in index.isMultiple(of: 2) ? [value] : ["k": value] },
    ]

    @Test(arguments: TestedStore.allCases, values)
    func `JSON values`(store: TestedStore, value: JSONValue) async throws {
        try await expectSame(
            [.toolCall(ToolCall(id: "c_1", name: "n", input: value)), .opaque(provider: "p", value)], in: store)
    }

    @Test(arguments: TestedStore.allCases)
    func `what is absent stays absent`(store: TestedStore) async throws {
        try await expectSame([], in: store)
        try await expectSame(
            [.thinking(Thinking(text: "x")), .toolCall(ToolCall(id: "c_1", name: "n", input: nil))], in: store)
    }

    @Test(arguments: TestedStore.allCases)
    func `a reply with all that it can have, and with as little`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            var replies: [Message] = []
            for (index, status) in (TurnStatus.allCases as [TurnStatus?] + [nil]).enumerated() {
                try await writer.accept("\(index)")
                var reply = Message.reply("\(index)", [.text("Hi")])
                reply.status = status
                reply.partial = index.isMultiple(of: 2)
                reply.model = status == nil ? nil : "model \(index)"
                reply.usage =
                    status == nil
                    ? nil
                    : Usage(
                        inputTokens: .max, outputTokens: index, cacheReadTokens: 2, cacheWriteTokens: 0,
                        estimated: index.isMultiple(of: 3))
                replies.append(reply)
                try await writer.commit(.ended(turn: "t_\(index)", reply: reply))
            }
            let stored = try #require(try await writer.stored())
            #expect(Set(stored.messages.filter { $0.role == .assistant }) == Set(replies))
        }
    }

    static let records = [
        ReplyRecord(), ReplyRecord(timing: TurnTiming()),
        ReplyRecord(
            timing: TurnTiming(
                timeToFirstToken: .milliseconds(210), duration: .milliseconds(1_480), tokensPerSecond: 9.4),
            context: ContextFigures(policy: "full", sentMessages: 1, estimatedTokens: 14)),
        ReplyRecord(
            error: TurnError(
                .upstreamOverloaded, message: "\"Overloaded\"\0\n", retryable: true, retryAfter: .seconds(2),
                upstreamStatus: 529, upstreamRequestID: "req_1"),
            context: ContextFigures(
                policy: "retrieve", sentMessages: 1, droppedMessages: 2, summarisedMessages: 3, recalledMessages: 4,
                estimatedTokens: .max, budgetTokens: 5)),
        ReplyRecord(error: TurnError(.internal, message: "", retryable: false)),
    ]

    @Test(arguments: TestedStore.allCases)
    func `what is known of a reply's turn`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            for (index, record) in Self.records.enumerated() {
                try await writer.accept("\(index)")
                var reply = Message.reply("\(index)", [.text("Hi")])
                reply.record = record
                try await writer.commit(.ended(turn: "t_\(index)", reply: reply))
            }
            let stored = try #require(try await writer.stored())
            #expect(stored.messages.filter { $0.role == .assistant }.map(\.record) == Self.records)
            #expect(stored.messages.filter { $0.role == .user }.allSatisfy { $0.record == nil })
        }
    }

    @Test(arguments: TestedStore.allCases, texts)
    func `settings`(store: TestedStore, text: String) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            for temperature in [0, 0.1, 1.0 / 3, 2, nil] {
                for tools in [nil, [], ["a", "b"]] as [[String]?] {
                    let settings = SessionSettings(
                        title: text, system: text, model: "m", temperature: temperature, tools: tools)
                    try await writer.commit(.settings(settings))
                    let stored = try await writer.stored()?.settings
                    #expect(stored == settings)
                    #expect(stored?.system.unicodeScalars.elementsEqual(text.unicodeScalars) == true)
                }
            }
        }
    }

    /// Blocks as a user's message, as a reply and as pieces of one that runs.
    private func expectSame(_ blocks: [ContentBlock], in store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            try await writer.commit(
                .accepted(.named("1", settings: Writer.settings), message: .user("1", blocks)))
            try await writer.commit(.ended(turn: "t_1", reply: .reply("1", blocks)))
            try await writer.accept("2")
            let pieces = blocks.enumerated().map { ReplyPiece(number: $0.offset, item: $0.offset, block: $0.element) }
            try await writer.commit(.progress(turn: "t_2", pieces))
            let stored = try #require(try await writer.stored())
            for id in ["u_1", "a_1"] {
                let content = stored.messages.first { $0.id == id }?.content
                #expect(content == blocks)
                // Swift's equality takes composed and decomposed letters for the same.
                #expect(content.map { Array("\($0)".unicodeScalars) } == Array("\(blocks)".unicodeScalars))
            }
            #expect(stored.turns[1].pieces == pieces)
        }
    }
}
