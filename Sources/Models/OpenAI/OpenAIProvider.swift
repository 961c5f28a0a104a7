import CurlTransport
import NIOCore

/// OpenAI's Chat Completions API, or a server that speaks it: Ollama, llama.cpp, vLLM, OpenRouter, DeepSeek and others.
package struct OpenAIProvider: ModelProvider {
    package static let defaultBaseURL = "https://api.openai.com/v1"

    /// How the bound on a reply is called. OpenAI has renamed it, and its newer models refuse the old name; most other servers
    /// know only that.
    package enum TokenLimit: Hashable, Sendable {
        case maxTokens, maxCompletionTokens
    }

    package let name = "openai"
    package let models: [String]
    private let url: String
    private let apiKey: Secret?
    private let organisation: String?
    private let project: String?
    private let tokenLimit: TokenLimit

    /// - Parameters:
    ///   - apiKey: nil or empty: none is sent, for servers that want none.
    ///   - baseURL: as `OPENAI_BASE_URL` in the vendor's SDKs: with `/v1`.
    ///   - models: the default first.
    ///   - organisation, project: as `OPENAI_ORG_ID` and `OPENAI_PROJECT_ID`.
    ///   - tokenLimit: nil: `max_completion_tokens` for api.openai.com, `max_tokens` elsewhere.
    package init(
        apiKey: String?, baseURL: String = OpenAIProvider.defaultBaseURL, models: [String],
        organisation: String? = nil, project: String? = nil, tokenLimit: TokenLimit? = nil
    ) {
        self.apiKey = apiKey.flatMap { $0.isEmpty ? nil : Secret($0) }
        self.url = endpoint(of: baseURL, path: "/chat/completions")
        self.models = models
        self.organisation = organisation
        self.project = project
        let isOpenAI = baseURL.hasPrefix("https://api.openai.com/")
        self.tokenLimit = tokenLimit ?? (isOpenAI ? .maxCompletionTokens : .maxTokens)
    }

    package func start(
        _ request: ModelRequest, on loop: ModelLoop, receiver: any ModelEventReceiver
    ) -> any ModelCall {
        let text = UpstreamText(secrets: [apiKey?.value ?? ""])
        let call = HTTPModelCall(
            eventLoop: loop.eventLoop, receiver: receiver, text: text, stallTimeout: request.stallTimeout
        ) { head in
            let requestID = text.cleanRequestID(head["x-request-id"])
            return (OpenAIDialect(requestID: requestID, text: text), requestID)
        }
        var headers: [(String, String)] = []
        if let apiKey { headers.append(("authorization", "Bearer \(apiKey.value)")) }
        if let organisation { headers.append(("openai-organization", organisation)) }
        if let project { headers.append(("openai-project", project)) }
        let body = OpenAIRequest(request, provider: name, tokenLimit: tokenLimit)
        call.start(body, to: url, headers: headers, over: loop.transfers)
        return call
    }
}
