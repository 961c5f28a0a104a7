import Conversation
import JSON
import Models
import NIOCore
import Testing
import WhinchatTesting

/// The providers over real HTTP, through libcurl.
@Suite struct HTTPProviderTests {
    enum Dialect: String, CaseIterable { case anthropic, openai }

    static let key = "sk-test-0123456789abcdef"

    private func provider(_ dialect: Dialect, at server: FakeProvider) -> any ModelProvider {
        switch dialect {
        case .anthropic: AnthropicProvider(apiKey: Self.key, baseURL: server.baseURL + "/", models: ["m"])
        case .openai: OpenAIProvider(apiKey: Self.key, baseURL: server.baseURL + "/v1", models: ["m"])
        }
    }

    private func withServer(_ body: (FakeProvider) async throws -> Void) async throws {
        let server = try await FakeProvider.start()
        do {
            try await body(server)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    @Test(arguments: [("anthropic-tool-use", Dialect.anthropic), ("openai-tool-calls", .openai)], [1, 37, 100_000])
    func `a stream in chunks of any size says what the decoder says`(
        fixtureAndDialect: (String, Dialect), pieceBytes: Int
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
            #expect(exchange.request["x-api-key"] == Self.key)
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
                apiKey: Self.key, baseURL: server.baseURL + "/v1", models: ["m"], organisation: "org", project: "proj")
            _ = try await Rig.get().start(provider)
            let exchange = try await server.nextExchange()
            #expect(exchange.request.path == "/v1/chat/completions")
            #expect(exchange.request["authorization"] == "Bearer \(Self.key)")
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

    struct Refusal: Sendable {
        var status: Int
        var headers: [(String, String)] = []
        var body: String
        var expected: ModelError
    }

    static let refusals: [Refusal] = [
        Refusal(
            status: 401,
            body: #"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#,
            expected: ModelError(.auth, message: "invalid x-api-key", retryable: false, status: 401)),
        Refusal(
            status: 401,
            body:
                #"{"error":{"message":"Incorrect API key provided: sk-test-0123456789abcdef.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#,
            expected: ModelError(
                .auth, message: "Incorrect API key provided: [key removed].", retryable: false, status: 401)),
        Refusal(
            status: 403, body: #"{"error":{"type":"permission_error","message":"no"}}"#,
            expected: ModelError(.auth, message: "no", retryable: false, status: 403)),
        Refusal(
            status: 400, body: #"{"error":{"message":"temperature is not supported","type":"invalid_request_error"}}"#,
            expected: ModelError(.rejected, message: "temperature is not supported", retryable: false, status: 400)),
        Refusal(
            status: 404, body: #"{"error":"model \"x\" not found"}"#,
            expected: ModelError(.rejected, message: "model \"x\" not found", retryable: false, status: 404)),
        Refusal(
            status: 413, body: #"{"error":{"type":"request_too_large","message":"too large"}}"#,
            expected: ModelError(.rejected, message: "too large", retryable: false, status: 413)),
        Refusal(
            status: 429, headers: [("retry-after", "7")],
            body: #"{"error":{"type":"rate_limit_error","message":"slow down"}}"#,
            expected: ModelError(
                .rateLimited, message: "slow down", retryable: true, retryAfter: .seconds(7), status: 429)),
        Refusal(
            status: 429, headers: [("retry-after", "7"), ("retry-after-ms", "250")], body: "{}",
            expected: ModelError(
                .rateLimited, message: "{}", retryable: true, retryAfter: .milliseconds(250), status: 429)),
        Refusal(
            status: 429,
            body: #"{"error":{"message":"quota","type":"insufficient_quota","code":"insufficient_quota"}}"#,
            expected: ModelError(.rateLimited, message: "quota", retryable: false, status: 429)),
        Refusal(
            status: 500, body: #"{"error":{"type":"api_error","message":"oops"},"request_id":"req_b"}"#,
            expected: ModelError(.overloaded, message: "oops", retryable: true, status: 500, requestID: "req_b")),
        Refusal(
            status: 502, headers: [("request-id", "req_h"), ("x-request-id", "req_h")],
            body: "<html>Bad Gateway</html>",
            expected: ModelError(
                .overloaded, message: "<html>Bad Gateway</html>", retryable: true, status: 502, requestID: "req_h")),
        Refusal(
            status: 504, body: "",
            expected: ModelError(
                .timeout, message: "The provider answered HTTP 504.", retryable: true, status: 504)),
        Refusal(
            status: 529, body: #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            expected: ModelError(.overloaded, message: "Overloaded", retryable: true, status: 529)),
        Refusal(
            status: 422, body: #"{"detail":"bad field"}"#,
            expected: ModelError(.rejected, message: "bad field", retryable: false, status: 422)),
        Refusal(
            status: 302, headers: [("location", "/login")], body: "",
            expected: ModelError(
                .rejected, message: "The provider redirects elsewhere (HTTP 302); check the base URL.",
                retryable: false,
                status: 302)),
        Refusal(
            status: 200, body: #"{"error":{"type":"overloaded_error","message":"busy"}}"#,
            expected: ModelError(.overloaded, message: "busy", retryable: true)),
        Refusal(
            status: 200, headers: [("content-type", "text/html")], body: "<html>Log in</html>",
            expected: ModelError(
                .malformed,
                message: "The provider answered with text/html instead of an event stream: <html>Log in</html>",
                retryable: false, status: 200)),
    ]

    @Test(arguments: Dialect.allCases, refusals.indices)
    func `a refusal is one typed error`(dialect: Dialect, index: Int) async throws {
        let refusal = Self.refusals[index]
        try await withServer { server in
            let call = try await Rig.get().start(provider(dialect, at: server))
            let type = [("content-type", "application/json")]
            let hasType = refusal.headers.contains { $0.0 == "content-type" }
            try await server.nextExchange().respond(
                status: refusal.status, headers: (hasType ? [] : type) + refusal.headers, body: refusal.body)
            let transcript = try await call.ended()
            #expect(transcript.errors == [refusal.expected])
            #expect(transcript.heard.count == 1)
        }
    }

    @Test(arguments: Dialect.allCases) func `a body without end that is no stream is cut off`(dialect: Dialect)
        async throws
    {
        try await withServer { server in
            let call = try await Rig.get().start(provider(dialect, at: server))
            let exchange = try await server.nextExchange()
            try await exchange.sendHead(headers: [("content-type", "text/plain")])
            try await exchange.sendChunk(String(repeating: "x", count: 70_000))
            let errors = try await call.ended().errors
            #expect(errors.map(\.code) == [.malformed])
            #expect(try await exchange.connection.closed().isByPeer)
        }
    }

    private func start(_ dialect: Dialect) throws -> String {
        let text = String(
            decoding: try fixture("\(dialect.rawValue)-\(dialect == .anthropic ? "basic" : "text")"), as: UTF8.self)
        let lines = text.split(separator: "\n\n", omittingEmptySubsequences: false)
        return lines.prefix(dialect == .anthropic ? 4 : 2).joined(separator: "\n\n") + "\n\n"
    }

    @Test(arguments: Dialect.allCases) func `a connection that breaks in the middle is truncated`(dialect: Dialect)
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

    @Test(arguments: Dialect.allCases) func `a stream that ends properly but too early is truncated`(dialect: Dialect)
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

    @Test(arguments: Dialect.allCases) func `a provider that hangs up without an answer is an error`(dialect: Dialect)
        async throws
    {
        try await withServer { server in
            let call = try await Rig.get().start(provider(dialect, at: server))
            try await server.nextExchange().connection.reset()
            #expect(try await call.ended().heard == [.failed(.truncated)])
        }
    }

    @Test(arguments: Dialect.allCases) func `a provider that is not there is unreachable`(dialect: Dialect) async throws
    {
        let server = try await FakeProvider.start()
        let provider = provider(dialect, at: server)
        await server.stop()
        let errors = try await Rig.get().start(provider).ended().errors
        #expect(errors.map(\.code) == [.unreachable])
        #expect(errors.first?.retryable == true)
    }

    @Test(arguments: Dialect.allCases) func `cancel closes the connection and nothing more is said`(dialect: Dialect)
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

    @Test(arguments: Dialect.allCases) func `cancel before the headers closes the connection`(dialect: Dialect)
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

    @Test(arguments: Dialect.allCases) func `a receiver may cancel while it is being told`(dialect: Dialect)
        async throws
    {
        try await withServer { server in
            let call = try await Rig.get().start(provider(dialect, at: server))
            try await call.eventLoop.submit { call.onBatch = { $0.model?.cancel() } }.get()
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
                (Dialect.openai, unfinished),
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
