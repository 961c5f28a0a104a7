import Models
import Testing
import WhinchatTesting

/// Responses that are no event stream.
@Suite struct HTTPRefusalTests {
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

    @Test(arguments: ProviderDialect.allCases, refusals.indices)
    func `a refusal is one typed error`(dialect: ProviderDialect, index: Int) async throws {
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

    @Test(arguments: ProviderDialect.allCases) func `a body without end that is no stream is cut off`(
        dialect: ProviderDialect
    )
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

    @Test(arguments: ProviderDialect.allCases) func `the key is removed from a request's id`(dialect: ProviderDialect)
        async throws
    {
        let error = #"{"error":{"type":"api_error","message":"oops"},"request_id":"\#(testKey)"}"#
        try await withServer { server in
            let inBody = try await Rig.get().start(provider(dialect, at: server))
            try await server.nextExchange().respond(status: 500, body: error)
            #expect(try await inBody.ended().errors.map(\.requestID) == ["[key removed]"])

            let inHead = try await Rig.get().start(provider(dialect, at: server))
            let headers = ["request-id", "x-request-id"].map { ($0, "id of \(testKey)") }
            try await server.nextExchange().respond(status: 500, headers: headers, body: "{}")
            #expect(try await inHead.ended().errors.map(\.requestID) == ["id of [key removed]"])

            let inStream = try await Rig.get().start(provider(dialect, at: server))
            let exchange = try await server.nextExchange()
            try await exchange.sendHead()
            try await exchange.sendChunk("data: " + error.dropLast() + #","type":"error"}"# + "\n\n")
            #expect(try await inStream.ended().errors.map(\.requestID) == ["[key removed]"])
        }
    }
}
