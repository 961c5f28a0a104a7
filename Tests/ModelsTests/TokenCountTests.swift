import Conversation
import JSON
import Models
import NIOCore
import Testing
import WhinchatTesting

/// Anthropic's `count_tokens`, over real HTTP.
@Suite struct TokenCountTests {
    private let request = ModelRequest(
        model: "m", system: "S", messages: [.user("Hello")],
        tools: [ToolDescription(name: "f", description: "d", inputSchema: ["type": "object"])], temperature: 1,
        maxTokens: 5)

    @Test func `the prompt is sent without what is about the reply, and the count comes back`() async throws {
        try await withServer { server in
            let provider = RetryingProvider(provider(.anthropic, at: server))
            #expect(provider.countsTokens)
            let transfers = try Rig.get().loop.transfers
            async let count = provider.countTokens(of: request, over: transfers, within: .seconds(30))
            let exchange = try await server.nextExchange()
            #expect(exchange.request.path == "/v1/messages/count_tokens")
            #expect(exchange.request["x-api-key"] == testKey)
            #expect(exchange.request["anthropic-version"] == "2023-06-01")
            #expect(
                try JSONValue(parsing: exchange.request.body.readableBytesView) == [
                    "model": "m", "system": "S",
                    "messages": [["role": "user", "content": [["type": "text", "text": "Hello"]]]],
                    "tools": [["name": "f", "description": "d", "input_schema": ["type": "object"]]],
                ])
            try await exchange.respond(body: #"{"input_tokens":2095}"#)
            #expect(try await count == 2095)
        }
    }

    @Test(
        arguments: [
            (
                429, #"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}"#,
                ModelError.Code.rateLimited
            ),
            (404, "<html>", .rejected), (200, "<html>", .malformed), (200, #"{"input_tokens":"many"}"#, .malformed),
        ])
    func `a failed count is an error`(status: Int, body: String, code: ModelError.Code) async throws {
        try await withServer { server in
            let provider = provider(.anthropic, at: server)
            let transfers = try Rig.get().loop.transfers
            async let count = provider.countTokens(of: request, over: transfers, within: .seconds(30))
            try await server.nextExchange().respond(status: status, body: body)
            do {
                Issue.record("counted \(try await count ?? 0)")
            } catch let error as ModelError {
                #expect(error.code == code)
            }
        }
    }

    @Test func `a provider that does not answer costs the time it is given`() async throws {
        try await withServer { server in
            let transfers = try Rig.get().loop.transfers
            do {
                _ = try await provider(.anthropic, at: server)
                    .countTokens(of: request, over: transfers, within: .milliseconds(50))
                Issue.record("counted")
            } catch let error as ModelError {
                #expect(error.code == .timeout)
            }
        }
    }

    @Test func `OpenAI's protocol has no count`() async throws {
        let provider = OpenAIProvider(apiKey: nil, models: ["m"])
        #expect(!provider.countsTokens)
        let transfers = try Rig.get().loop.transfers
        #expect(try await provider.countTokens(of: request, over: transfers, within: .seconds(1)) == nil)
    }
}
