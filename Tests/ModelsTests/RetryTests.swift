import JSON
import Models
import NIOCore
import Testing
import WhinchatTesting

/// Retries over real HTTP: what the provider sees, and what the receiver hears.
@Suite struct RetryTests {
    /// As in life, but without the waits.
    private let policy = RetryPolicy(maximumRetries: 2, firstDelay: .milliseconds(2), longestDelay: .milliseconds(4))

    private func retrying(
        _ dialect: ProviderDialect, at server: FakeProvider, fallback: String? = nil
    ) -> RetryingProvider {
        RetryingProvider(provider(dialect, at: server), policy: policy, fallbackModel: fallback)
    }

    private func whole(_ dialect: ProviderDialect) -> String {
        switch dialect {
        case .anthropic: anthropicHello
        case .openai: openAIHello
        }
    }

    private func model(in exchange: Exchange) throws -> String? {
        try JSONValue(parsing: exchange.request.body.readableBytesView)["model"]?.stringValue
    }

    @Test(arguments: ProviderDialect.allCases, [429, 500, 503, 529])
    func `a busy provider is asked again, and then its reply is the call's`(
        dialect: ProviderDialect, status: Int
    ) async throws {
        try await withServer { server in
            let call = try await Rig.get().start(retrying(dialect, at: server))
            try await server.nextExchange().respond(
                status: status, headers: [("retry-after-ms", "3")], body: #"{"error":{"message":"busy"}}"#)
            let second = try await server.nextExchange()
            #expect(try model(in: second) == "m")
            try await second.stream(Array(whole(dialect).utf8), pieceBytes: 50)
            let transcript = try await call.ended()
            #expect(transcript.retries.map(\.attempt) == [1])
            #expect(transcript.retries.first?.error.status == status)
            #expect((transcript.retries.first?.delay ?? .zero) >= .milliseconds(3))
            #expect(transcript.errors.isEmpty)
            #expect(transcript.heard.contains(.text(0, "Hi there")))
        }
    }

    @Test(arguments: ProviderDialect.allCases)
    func `after the last retry the failure stands`(dialect: ProviderDialect) async throws {
        try await withServer { server in
            let call = try await Rig.get().start(retrying(dialect, at: server))
            for _ in 0..<3 { try await server.nextExchange().respond(status: 529, body: "{}") }
            let transcript = try await call.ended()
            #expect(
                transcript.heard == [
                    .retrying(attempt: 1, model: "m", .overloaded), .retrying(attempt: 2, model: "m", .overloaded),
                    .failed(.overloaded),
                ])
        }
    }

    @Test(arguments: ProviderDialect.allCases, [400, 401, 404])
    func `a request that is refused is not made again`(dialect: ProviderDialect, status: Int) async throws {
        try await withServer { server in
            let call = try await Rig.get().start(retrying(dialect, at: server, fallback: "other"))
            try await server.nextExchange().respond(status: status, body: #"{"error":{"message":"no"}}"#)
            let transcript = try await call.ended()
            #expect(transcript.heard.count == 1)
            #expect(transcript.errors.first?.status == status)
        }
    }

    @Test(arguments: ProviderDialect.allCases)
    func `a connection that closes without an answer is tried again`(dialect: ProviderDialect) async throws {
        try await withServer { server in
            let call = try await Rig.get().start(retrying(dialect, at: server))
            try await server.nextExchange().connection.reset()
            try await server.nextExchange().stream(Array(whole(dialect).utf8), pieceBytes: 1000)
            let transcript = try await call.ended()
            #expect(transcript.retries.map(\.error.code) == [.truncated])
            #expect(transcript.errors.isEmpty)
        }
    }

    @Test func `a provider that cannot be reached is tried again, and then said to be so`() async throws {
        let server = try await FakeProvider.start()
        let gone = provider(.anthropic, at: server)
        await server.stop()
        let call = try await Rig.get().start(RetryingProvider(gone, policy: policy))
        let transcript = try await call.ended()
        #expect(transcript.retries.map(\.error.code) == [.unreachable, .unreachable])
        #expect(transcript.errors.map(\.code) == [.unreachable])
    }

    @Test func `an error inside a stream that has said nothing is tried again`() async throws {
        try await withServer { server in
            let call = try await Rig.get().start(retrying(.anthropic, at: server))
            let first = """
                event: message_start
                data: {"type":"message_start","message":{"model":"m","usage":{"input_tokens":3}}}

                event: error
                data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}


                """
            // The connection may be closed before the body's end is sent.
            try? await server.nextExchange().stream(Array(first.utf8), pieceBytes: 1000)
            try await server.nextExchange().stream(Array(anthropicHello.utf8), pieceBytes: 1000)
            let transcript = try await call.ended()
            #expect(transcript.retries.map(\.error.code) == [.overloaded])
            #expect(transcript.errors.isEmpty)
        }
    }

    @Test(arguments: ProviderDialect.allCases)
    func `once a word has been said nothing is tried again`(dialect: ProviderDialect) async throws {
        try await withServer { server in
            let call = try await Rig.get().start(retrying(dialect, at: server, fallback: "other"))
            let exchange = try await server.nextExchange()
            try await exchange.sendHead()
            let text = whole(dialect)
            let end = try #require(text.ranges(of: "Hi there").first?.upperBound)
            let line = try #require(text[end...].ranges(of: "\n\n").first?.upperBound)
            try await exchange.sendChunk(String(text[..<line]))
            try await call.firstText()
            exchange.connection.reset()
            let transcript = try await call.ended()
            #expect(transcript.retries.isEmpty)
            #expect(transcript.errors.map(\.code) == [.truncated])
            #expect(transcript.heard.contains(.text(0, "Hi there")))
        }
    }

    @Test(arguments: ProviderDialect.allCases)
    func `the fallback is asked when the model's retries are used up`(dialect: ProviderDialect) async throws {
        try await withServer { server in
            let call = try await Rig.get().start(retrying(dialect, at: server, fallback: "other"))
            for _ in 0..<3 {
                let exchange = try await server.nextExchange()
                #expect(try model(in: exchange) == "m")
                try await exchange.respond(status: 529, body: "{}")
            }
            let last = try await server.nextExchange()
            #expect(try model(in: last) == "other")
            try await last.stream(Array(whole(dialect).utf8), pieceBytes: 1000)
            let transcript = try await call.ended()
            #expect(transcript.retries.map(\.isFallback) == [false, false, true])
            #expect(transcript.retries.last?.model == "other")
            #expect(transcript.errors.isEmpty)
        }
    }

    @Test func `cancelling between two attempts makes no other one`() async throws {
        try await withServer { server in
            let long = RetryPolicy(firstDelay: .zero)
            let call = try await Rig.get().start(
                RetryingProvider(provider(.anthropic, at: server), policy: long)
            ) { call in
                // On the spot, inside the notice of the retry.
                call.model?.cancel()
            }
            try await server.nextExchange().respond(status: 529, body: "{}")
            // A call that is made now is the next one that the server sees.
            while call.soFar.retries.isEmpty { await Task.yield() }
            let other = try await Rig.get().start(provider(.openai, at: server))
            let next = try await server.nextExchange()
            #expect(next.request.path == "/v1/chat/completions")
            #expect(call.soFar.heard == [.retrying(attempt: 1, model: "m", .overloaded)])
            try await other.cancel()
        }
    }
}

let anthropicHello = """
    event: message_start
    data: {"type":"message_start","message":{"model":"m","usage":{"input_tokens":3}}}

    event: content_block_start
    data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

    event: content_block_delta
    data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi there"}}

    event: content_block_stop
    data: {"type":"content_block_stop","index":0}

    event: message_delta
    data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}

    event: message_stop
    data: {"type":"message_stop"}


    """

let openAIHello = """
    data: {"model":"m","choices":[{"index":0,"delta":{"content":"Hi there"},"finish_reason":null}]}

    data: {"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

    data: [DONE]


    """
