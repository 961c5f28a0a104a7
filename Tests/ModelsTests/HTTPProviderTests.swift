import Conversation
import JSON
import Models
import NIOCore
import Testing
import WhinchatTesting

/// The providers over real HTTP, through libcurl.
@Suite struct HTTPProviderTests {
    @Test(
        arguments: [("anthropic-tool-use", ProviderDialect.anthropic), ("openai-tool-calls", .openai)],
        [1, 37, 100_000])
    func `a stream in chunks of any size says what the decoder says`(
        fixtureAndDialect: (String, ProviderDialect), pieceBytes: Int
    ) async throws {
        let (name, dialect) = fixtureAndDialect
        let bytes = try fixture(name)
        try await withServer { server in
            let call = try await Rig.get().start(provider(dialect, at: server))
            try await server.nextExchange().stream(bytes, pieceBytes: pieceBytes)
            let expected =
                dialect == .anthropic ? replay([bytes[...]], anthropic()) : replay([bytes[...]], openAI())
            let heard = try await call.ended().heard
            #expect(heard == expected.heard)
        }
    }

    @Test func `Anthropic gets its headers and its path, and only what is set`() async throws {
        try await withServer { server in
            let call = try await Rig.get().start(provider(.anthropic, at: server))
            let exchange = try await server.nextExchange()
            #expect(exchange.request.method == "POST")
            #expect(exchange.request.path == "/v1/messages")
            #expect(exchange.request["x-api-key"] == testKey)
            #expect(exchange.request["anthropic-version"] == "2023-06-01")
            #expect(exchange.request["content-type"] == "application/json")
            #expect(exchange.request["authorization"] == nil)
            #expect(
                String(buffer: exchange.request.body)
                    == #"{"max_tokens":8192,"messages":[{"content":[{"text":"Hello","type":"text"}],"role":"user"}],"model":"m","stream":true}"#
            )
            try await exchange.sendHead(headers: [("content-type", "text/event-stream"), ("request-id", "req_7")])
            exchange.connection.finish()
            let errors = try await call.ended().errors
            #expect(errors.map(\.code) == [.truncated])
            #expect(errors.first?.requestID == "req_7")
        }
    }

    @Test func `OpenAI gets its headers and its path, and only what is set`() async throws {
        try await withServer { server in
            let provider = OpenAIProvider(
                apiKey: testKey, baseURL: server.baseURL + "/v1", models: ["m"], organisation: "org", project: "proj")
            _ = try await Rig.get().start(provider)
            let exchange = try await server.nextExchange()
            #expect(exchange.request.path == "/v1/chat/completions")
            #expect(exchange.request["authorization"] == "Bearer \(testKey)")
            #expect(exchange.request["openai-organization"] == "org")
            #expect(exchange.request["openai-project"] == "proj")
            #expect(
                String(buffer: exchange.request.body)
                    == #"{"messages":[{"content":"Hello","role":"user"}],"model":"m","stream":true,"stream_options":{"include_usage":true}}"#
            )
            let keyless = OpenAIProvider(apiKey: "", baseURL: server.baseURL, models: ["m"])
            _ = try await Rig.get().start(keyless)
            #expect(try await server.nextExchange().request["authorization"] == nil)
        }
    }

    @Test func `settings that are set are sent`() async throws {
        let tool = ToolDescription(name: "f", description: "d", inputSchema: ["type": "object"])
        let request = ModelRequest(
            model: "m", system: "s", messages: [.user("q")], tools: [tool], temperature: 0.5, maxTokens: 9)
        try await withServer { server in
            func sent(_ provider: any ModelProvider) async throws -> JSONValue {
                _ = try await Rig.get().start(provider, request)
                return try JSONValue(parsing: await server.nextExchange().request.body.readableBytesView)
            }
            let toAnthropic = try await sent(provider(.anthropic, at: server))
            #expect(
                toAnthropic == [
                    "model": "m", "system": "s", "max_tokens": 9, "temperature": 0.5, "stream": true,
                    "messages": [["role": "user", "content": [["type": "text", "text": "q"]]]],
                    "tools": [["name": "f", "description": "d", "input_schema": ["type": "object"]]],
                ])
            let body: JSONValue = [
                "model": "m", "temperature": 0.5, "stream": true, "stream_options": ["include_usage": true],
                "messages": [["role": "system", "content": "s"], ["role": "user", "content": "q"]],
                "tools": [
                    [
                        "type": "function",
                        "function": ["name": "f", "description": "d", "parameters": ["type": "object"]],
                    ]
                ],
            ]
            func with(_ key: String) -> JSONValue {
                var members = body.objectValue ?? [:]
                members[key] = 9
                return .object(members)
            }
            let toCompatible = try await sent(provider(.openai, at: server))
            #expect(toCompatible == with("max_tokens"))
            let newer = OpenAIProvider(
                apiKey: nil, baseURL: server.baseURL, models: [], tokenLimit: .maxCompletionTokens)
            let toOpenAI = try await sent(newer)
            #expect(toOpenAI == with("max_completion_tokens"))
        }
    }

    private func start(_ dialect: ProviderDialect) throws -> String {
        let text = String(
            decoding: try fixture("\(dialect.rawValue)-\(dialect == .anthropic ? "basic" : "text")"), as: UTF8.self)
        let lines = text.split(separator: "\n\n", omittingEmptySubsequences: false)
        return lines.prefix(dialect == .anthropic ? 4 : 2).joined(separator: "\n\n") + "\n\n"
    }

    @Test(arguments: ProviderDialect.allCases) func `a connection that breaks in the middle is truncated`(
        dialect: ProviderDialect
    )
        async throws
    {
        try await withServer { server in
            let call = try await Rig.get().start(provider(dialect, at: server))
            let exchange = try await server.nextExchange()
            try await exchange.sendHead()
            try await exchange.sendChunk(try start(dialect))
            try await call.firstText()
            exchange.connection.reset()
            let transcript = try await call.ended()
            #expect(transcript.heard.last == .failed(.truncated))
            #expect(transcript.heard.contains(.text(0, "Hello")))
        }
    }

    @Test(arguments: ProviderDialect.allCases) func `a stream that ends properly but too early is truncated`(
        dialect: ProviderDialect
    )
        async throws
    {
        try await withServer { server in
            let call = try await Rig.get().start(provider(dialect, at: server))
            let exchange = try await server.nextExchange()
            try await exchange.sendHead()
            try await exchange.sendChunk(try start(dialect))
            try await exchange.endChunks()
            #expect(try await call.ended().heard.last == .failed(.truncated))
        }
    }

    @Test(arguments: ProviderDialect.allCases) func `a provider that hangs up without an answer is an error`(
        dialect: ProviderDialect
    )
        async throws
    {
        try await withServer { server in
            let call = try await Rig.get().start(provider(dialect, at: server))
            try await server.nextExchange().connection.reset()
            #expect(try await call.ended().heard == [.failed(.truncated)])
        }
    }

    @Test(arguments: ProviderDialect.allCases) func `a provider that is not there is unreachable`(
        dialect: ProviderDialect
    ) async throws {
        let server = try await FakeProvider.start()
        let provider = provider(dialect, at: server)
        await server.stop()
        let errors = try await Rig.get().start(provider).ended().errors
        #expect(errors.map(\.code) == [.unreachable])
        #expect(errors.first?.retryable == true)
    }

    @Test(arguments: ProviderDialect.allCases) func `cancel closes the connection and nothing more is said`(
        dialect: ProviderDialect
    )
        async throws
    {
        try await withServer { server in
            let call = try await Rig.get().start(provider(dialect, at: server))
            let exchange = try await server.nextExchange()
            try await exchange.sendHead()
            try await exchange.sendChunk(try start(dialect))
            try await call.firstText()
            try await call.cancel()
            let before = call.soFar.heard
            #expect(try await exchange.connection.closed().isByPeer)
            try await call.cancel()
            #expect(call.soFar.heard == before)
        }
    }

    @Test(arguments: ProviderDialect.allCases) func `cancel before the headers closes the connection`(
        dialect: ProviderDialect
    )
        async throws
    {
        try await withServer { server in
            let call = try await Rig.get().start(provider(dialect, at: server))
            let exchange = try await server.nextExchange()
            try await call.cancel()
            #expect(try await exchange.connection.closed().isByPeer)
            #expect(call.soFar.heard.isEmpty)
        }
    }

    @Test(arguments: ProviderDialect.allCases) func `a receiver may cancel while it is being told`(
        dialect: ProviderDialect
    )
        async throws
    {
        try await withServer { server in
            let call = try await Rig.get().start(provider(dialect, at: server)) { $0.model?.cancel() }
            let exchange = try await server.nextExchange()
            try await exchange.sendHead()
            try await exchange.sendChunk(try start(dialect))
            #expect(try await exchange.connection.closed().isByPeer)
            #expect(call.soFar.heard.contains(.text(0, "Hello")))
        }
    }

    @Test func `an error inside the stream closes the connection`() async throws {
        try await withServer { server in
            let call = try await Rig.get().start(provider(.anthropic, at: server))
            let exchange = try await server.nextExchange()
            try await exchange.sendHead()
            try await exchange.sendChunk(String(decoding: try fixture("anthropic-overloaded"), as: UTF8.self))
            #expect(try await call.ended().heard.last == .failed(.overloaded))
            #expect(try await exchange.connection.closed().isByPeer)
        }
    }

    @Test func `a server that finishes the reply but never the response is not waited for`() async throws {
        let text = String(decoding: try fixture("openai-text"), as: UTF8.self)
        let unfinished = try #require(text.ranges(of: "data: [DONE]").first.map { String(text[..<$0.lowerBound]) })
        try await withServer { server in
            for (dialect, body) in [
                (ProviderDialect.openai, unfinished),
                (.anthropic, String(decoding: try fixture("anthropic-basic"), as: UTF8.self)),
            ] {
                let call = try await Rig.get().start(provider(dialect, at: server))
                let exchange = try await server.nextExchange()
                try await exchange.sendHead()
                try await exchange.sendChunk(body)
                guard case .stopped = try await call.ended().heard.last else {
                    Issue.record("\(dialect) did not stop")
                    continue
                }
                #expect(try await exchange.connection.closed().isByPeer)
            }
        }
    }

    @Test func `a connection lost after the finish reason does not spoil the reply`() async throws {
        let text = String(decoding: try fixture("openai-text"), as: UTF8.self)
        let unfinished = try #require(text.ranges(of: "data: [DONE]").first.map { String(text[..<$0.lowerBound]) })
        try await withServer { server in
            let call = try await Rig.get().start(provider(.openai, at: server))
            let exchange = try await server.nextExchange()
            try await exchange.sendHead()
            try await exchange.sendChunk(unfinished)
            try await call.firstText()
            exchange.connection.reset()
            #expect(try await call.ended().heard.last == .stopped(StopReason(.endTurn, word: "stop")))
        }
    }
}
