import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing
import WhinchatTesting

@testable import Sessions

/// Older exchanges that fit a question are found before its turn starts.
@Suite struct RecallTests {
    private static let settings = SessionSettings(
        model: "scripted-1",
        context: SessionSettings.Context(policy: Retrieve.name, turns: 2, minimumTurns: 1, recall: 1))

    private static let topics = [
        "the cat sleeps", "a boat on the sea", "bread with butter", "rain in May", "a red car",
    ]

    /// A session that has talked of each topic.
    private func talked(_ fixture: SessionFixture) async throws -> (ChatSession, RecordingFollower) {
        let (session, follower) = try await fixture.open()
        for (number, topic) in Self.topics.enumerated() {
            try await fixture.exchange(topic, "I see.", id: "m\(number)", in: session, follower)
        }
        return (session, follower)
    }

    @Test func `what fits by its words is recalled`() async throws {
        let fixture = try SessionFixture(settings: Self.settings)
        let (session, follower) = try await talked(fixture)
        session.send("Where was the boat?", id: "q", from: follower)
        let plan = try await follower.until("turn.started").last?["context"]
        #expect(plan?["recalled_messages"] == 2)
        let texts = try await fixture.provider.nextCall().texts
        #expect(texts.last == "Where was the boat?")
        let recalled = texts.dropLast().last ?? ""
        #expect(recalled.contains("a boat on the sea") && !recalled.contains("cat"))
        #expect(!texts.contains("a boat on the sea"))
    }

    @Test func `a turn that has to look nothing up starts in its acceptance`() async throws {
        for policy in [SlidingWindow.name, Retrieve.name] {
            let fixture = try SessionFixture(
                settings: SessionSettings(model: "scripted-1", context: .init(policy: policy)))
            let (session, follower) = try await fixture.open()
            let isRunning = try await session.loop.eventLoop.submit {
                session.assumeIsolated {
                    $0.handle(.send(.init(text: "Hello")), ref: "m1", from: follower.id)
                    return $0.running != nil
                }
            }.get()
            #expect(isRunning, "\(policy)")
        }
    }

    @Test func `one that is cancelled while it is prepared never starts`() async throws {
        let server = try await FakeProvider.start()
        let fixture = try SessionFixture(settings: Self.settings, context: services(server))
        let (session, follower) = try await fixture.open()
        for (number, topic) in Self.topics.prefix(2).enumerated() {
            session.send(topic, id: "m\(number)", from: follower)
            try await fixture.provider.nextCall().reply("I see.")
            // The vectors of what was said; never answered.
            if number == 0 { _ = try await server.nextExchange() }
            _ = try await follower.until("turn.done")
        }
        session.send("Where?", id: "q", from: follower)
        let question = try await server.nextExchange()
        #expect(try input(question) == ["Where?"])
        session.say(.cancel(.init(send: "q")), id: "c", from: follower)
        let frames = try await follower.until("turn.done")
        #expect(frames.last?["status"] == "cancelled" && !frames.types.contains("turn.started"))
        await server.stop()
    }

    // MARK: By meaning

    private func services(_ server: FakeProvider, within limit: Duration = .seconds(30)) -> ContextServices {
        var context = ContextServices()
        context.embeddings = EmbeddingModel(name: "e", apiKey: nil, baseURL: server.baseURL + "/v1")
        context.preparationTime = limit
        return context
    }

    private func input(_ exchange: Exchange) throws -> [String] {
        try JSONValue(parsing: exchange.request.body.readableBytesView)["input"]?.arrayValue?.compactMap(\.stringValue)
            ?? []
    }

    /// Answers with vectors that know three things: boats and ships, cars, and all else.
    private func embed(_ exchange: Exchange) async throws {
        let vectors = try input(exchange).enumerated().map { index, text -> JSONValue in
            let isShip = text.contains("boat") || text.contains("vessel")
            let isCar = text.contains("car")
            return ["index": .int(index), "embedding": [.int(isShip ? 1 : 0), .int(isCar ? 1 : 0), .double(0.1)]]
        }
        let answer: JSONValue = ["data": .array(vectors), "usage": ["prompt_tokens": 1]]
        try await exchange.respond(body: answer.jsonText)
    }

    @Test func `what fits by its meaning is recalled, and older messages get their vectors`() async throws {
        let store = MemoryStore()
        let server = try await FakeProvider.start { exchange in Task { try await self.embed(exchange) } }
        // The talk is older than the embedding model.
        let before = try SessionFixture(store: store, settings: Self.settings)
        let (old, _) = try await talked(before)
        await before.directory.drain(for: .seconds(30))

        let fixture = try SessionFixture(store: store, settings: Self.settings, context: services(server))
        let (session, follower) = try await fixture.join(old.id, 1)
        try await fixture.exchange("And now?", "Well.", id: "n", in: session, follower)
        try await eventually {
            try await store.messagesToEmbed(model: "e", in: session.id, limit: 1).isEmpty
        }
        session.send("Which vessel?", id: "q", from: follower)
        let texts = try await fixture.provider.nextCall().texts
        #expect(texts.dropLast().last?.contains("a boat on the sea") == true, "\(texts)")
        await server.stop()
    }

    @Test(arguments: [true, false])
    func `where the embedding model is slow or fails, words do`(isSilent: Bool) async throws {
        let server = try await FakeProvider.start { exchange in
            if !isSilent { Task { try await exchange.respond(status: 500, body: "{}") } }
        }
        let fixture = try SessionFixture(
            settings: Self.settings, context: services(server, within: .milliseconds(isSilent ? 50 : 30_000)))
        let (session, follower) = try await talked(fixture)
        session.send("Where was the boat?", id: "q", from: follower)
        let texts = try await fixture.provider.nextCall().texts
        #expect(texts.dropLast().last?.contains("a boat on the sea") == true, "\(texts)")
        await server.stop()
    }

    @Test func `a text that the embedding model refuses keeps no other from its vector`() async throws {
        let store = MemoryStore()
        let server = try await FakeProvider.start { exchange in
            Task {
                if try self.input(exchange).contains(where: { $0.contains("butter") }) {
                    try await exchange.respond(status: 400, body: #"{"error":{"message":"no butter"}}"#)
                } else {
                    try await self.embed(exchange)
                }
            }
        }
        let before = try SessionFixture(store: store, settings: Self.settings)
        let (old, _) = try await talked(before)
        await before.directory.drain(for: .seconds(30))
        let fixture = try SessionFixture(store: store, settings: Self.settings, context: services(server))
        let (session, follower) = try await fixture.join(old.id, 1)
        try await fixture.exchange("And now?", "Well.", id: "n", in: session, follower)
        try await eventually {
            try await !store.nearest(to: [0, 1, 0.1], model: "e", in: session.id, limit: 50).isEmpty
        }
        #expect(try await store.messagesToEmbed(model: "e", in: session.id, limit: 50).map(\.text) == [])
        await server.stop()
    }
}
