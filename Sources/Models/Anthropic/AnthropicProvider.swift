import CurlTransport
import NIOCore

/// Anthropic's Messages API, or a server that speaks it.
package struct AnthropicProvider: ModelProvider {
    package static let defaultBaseURL = "https://api.anthropic.com"
    /// The version of the API that the requests and the decoder follow.
    private static let version = "2023-06-01"

    package let name = "anthropic"
    package let models: [String]
    private let url: String
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
        var headers = [("anthropic-version", Self.version)]
        if let apiKey { headers.append(("x-api-key", apiKey.value)) }
        let body = AnthropicRequest(request, provider: name, caches: cachesPrompts)
        call.start(body, to: url, headers: headers, over: loop.transfers)
        return call
    }
}
