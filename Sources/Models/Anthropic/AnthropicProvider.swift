package import CurlTransport
import NIOCore

/// Anthropic's Messages API, or a server that speaks it.
package struct AnthropicProvider: ModelProvider {
    package static let defaultBaseURL = "https://api.anthropic.com"
    /// The version of the API that the requests and the decoder follow.
    private static let version = "2023-06-01"

    package let name = "anthropic"
    package let models: [String]
    package let countsTokens = true
    private let url: String
    private let countURL: String
    private let apiKey: Secret?
    private let cachesPrompts: Bool

    /// - Parameters:
    ///   - apiKey: nil or empty: none is sent, for servers that want none.
    ///   - baseURL: as `ANTHROPIC_BASE_URL` in the vendor's SDKs: without `/v1`.
    ///   - models: the default first.
    ///   - cachesPrompts: whether long prompts are marked for the API's cache; false for servers that refuse `cache_control`.
    package init(
        apiKey: String?, baseURL: String = AnthropicProvider.defaultBaseURL, models: [String],
        cachesPrompts: Bool = true
    ) {
        self.apiKey = apiKey.flatMap { $0.isEmpty ? nil : Secret($0) }
        self.url = endpoint(of: baseURL, path: "/v1/messages")
        self.countURL = endpoint(of: baseURL, path: "/v1/messages/count_tokens")
        self.models = models
        self.cachesPrompts = cachesPrompts
    }

    package func start(
        _ request: ModelRequest, on loop: ModelLoop, receiver: any ModelEventReceiver
    ) -> any ModelCall {
        let text = UpstreamText(secrets: [apiKey?.value ?? ""])
        let call = HTTPModelCall(
            eventLoop: loop.eventLoop, receiver: receiver, text: text, stallTimeout: request.stallTimeout
        ) { head in
            let requestID = text.cleanRequestID(head["request-id"])
            return (AnthropicDialect(requestID: requestID, text: text), requestID)
        }
        let body = AnthropicRequest(request, provider: name, caches: cachesPrompts)
        call.start(body, to: url, headers: headers, over: loop.transfers)
        return call
    }

    package func countTokens(
        of request: ModelRequest, over transfers: TransferQueue, within limit: Duration
    ) async throws -> Int? {
        let answer = try await transfers.exchange(
            AnthropicTokenCount(request, provider: name), to: countURL, headers: headers,
            text: UpstreamText(secrets: [apiKey?.value ?? ""]), bodyLimitBytes: AnthropicTokenCount.answerLimitBytes,
            within: limit)
        return try AnthropicTokenCount.tokens(in: answer)
    }

    private var headers: [(String, String)] {
        [("anthropic-version", Self.version)] + (apiKey.map { [("x-api-key", $0.value)] } ?? [])
    }
}
