import Models
import Testing
import WhinchatTesting

/// A provider that says the key back wherever it can: no error may carry it on.
@Suite struct KeyTests {
    /// Unlike the key of any known provider, so that only knowing it helps; a slash may be escaped in JSON.
    private static let key = "Zq7/very+secret=0123456789"
    private static let escapedKey = #"Zq7\/very+secret=0123456789"#

    private enum Echo: String, CaseIterable {
        case errorBody, errorBodyEscaped, plainBody, bodyOfUnknownShape, type, requestID, contentType, streamedError
        case malformedEvent, malformedEventEscaped, htmlInstead, errorInOKBody, finishReason

        func answer(_ exchange: Exchange) async throws {
            let key = KeyTests.key
            let json = [("content-type", "application/json")]
            switch self {
            case .errorBody:
                try await exchange.respond(status: 401, body: #"{"error":{"message":"bad key \#(key)!"}}"#)
            case .errorBodyEscaped:
                try await exchange.respond(status: 400, body: #"{"error":{"message":"bad \#(KeyTests.escapedKey)"}}"#)
            case .plainBody: try await exchange.respond(status: 500, body: "You sent \(key) \(KeyTests.escapedKey)")
            case .bodyOfUnknownShape:
                try await exchange.respond(status: 400, body: #"{"error":{"sent":["\#(KeyTests.escapedKey)"]}}"#)
            case .type: try await exchange.respond(status: 400, body: #"{"error":{"type":"\#(key)","code":"\#(key)"}}"#)
            case .requestID:
                try await exchange.respond(
                    status: 500, headers: json + [("request-id", key), ("x-request-id", key)], body: "{}")
            case .contentType:
                try await exchange.respond(headers: [("content-type", "text/\(key)")], body: "hello")
            case .streamedError:
                try await exchange.stream(
                    Array(#"data: {"type":"error","error":{"message":"bad key \#(key)"}}\#n\#n"#.utf8), pieceBytes: 7)
            case .malformedEvent:
                try await exchange.stream(Array("data: {\"x\": \(key)}\n\n".utf8), pieceBytes: 7)
            case .malformedEventEscaped:
                try await exchange.stream(Array("data: {\"x\": \"\(KeyTests.escapedKey)\"\n\n".utf8), pieceBytes: 7)
            case .htmlInstead:
                try await exchange.respond(headers: [("content-type", "text/html")], body: "<p>\(key)</p>")
            case .errorInOKBody: try await exchange.respond(body: #"{"error":"bad \#(KeyTests.escapedKey)"}"#)
            case .finishReason:
                try await exchange.stream(
                    Array("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"error\"}]}\n\n".utf8), pieceBytes: 900)
            }
        }
    }

    @Test(arguments: ProviderDialect.allCases, Echo.allCases)
    private func `an error holds no key`(dialect: ProviderDialect, echo: Echo) async throws {
        // Each attempt gets the same answer; the call may have hung up before its end.
        let server = try await FakeProvider.start { exchange in Task { try? await echo.answer(exchange) } }
        let provider: any ModelProvider =
            switch dialect {
            case .anthropic: AnthropicProvider(apiKey: Self.key, baseURL: server.baseURL, models: ["m"])
            case .openai: OpenAIProvider(apiKey: Self.key, baseURL: server.baseURL + "/v1", models: ["m"])
            }
        let policy = RetryPolicy(maximumRetries: 1, firstDelay: .milliseconds(1))
        let call = try await Rig.get().start(RetryingProvider(provider, policy: policy, fallbackModel: "n"))
        let transcript = try await call.ended()
        #expect(transcript.errors.count == 1)
        for error in transcript.errors + transcript.retries.map(\.error) {
            for key in [Self.key, Self.escapedKey] { #expect(!"\(error)".contains(key)) }
        }
        await server.stop()
    }

    @Test(arguments: ProviderDialect.allCases)
    private func `the word for a reply's end holds no key`(dialect: ProviderDialect) async throws {
        let events =
            switch dialect {
            case .anthropic:
                #"data: {"type":"message_delta","delta":{"stop_reason":"\#(Self.key)"}}\#n\#ndata: {"type":"message_stop"}\#n\#n"#
            case .openai:
                #"data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"\#(Self.key)"}]}\#n\#ndata: [DONE]\#n\#n"#
            }
        let server = try await FakeProvider.start { exchange in
            Task { try? await exchange.stream(Array(events.utf8), pieceBytes: 900) }
        }
        let provider: any ModelProvider =
            switch dialect {
            case .anthropic: AnthropicProvider(apiKey: Self.key, baseURL: server.baseURL, models: ["m"])
            case .openai: OpenAIProvider(apiKey: Self.key, baseURL: server.baseURL + "/v1", models: ["m"])
            }
        let transcript = try await Rig.get().start(provider).ended()
        let reasons = transcript.heard.compactMap { if case .stopped(let reason) = $0 { reason } else { nil } }
        #expect(reasons.count == 1 && reasons.allSatisfy { !$0.word.isEmpty && !$0.word.contains(Self.key) })
        await server.stop()
    }

    @Test(arguments: ProviderDialect.allCases)
    private func `a provider that is printed does not show its key`(dialect: ProviderDialect) {
        let provider: any ModelProvider =
            switch dialect {
            case .anthropic: AnthropicProvider(apiKey: Self.key, models: ["m"])
            case .openai: OpenAIProvider(apiKey: Self.key, models: ["m"])
            }
        let retrying = RetryingProvider(provider)
        let text = UpstreamText(secrets: [Self.key])
        var dumped = ""
        dump([retrying, text] as [Any], to: &dumped)
        for shown in ["\(retrying)", String(reflecting: retrying), "\(text)", String(reflecting: text), dumped] {
            #expect(!shown.contains(Self.key) && !shown.contains(Self.escapedKey))
        }
    }
}
