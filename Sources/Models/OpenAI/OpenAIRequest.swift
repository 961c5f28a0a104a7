import Conversation
import JSON

/// The body of `POST /chat/completions` (platform.openai.com/docs/api-reference/chat/create).
struct OpenAIRequest: Encodable {
    let model: String
    let messages: [OpenAIMessage]
    let tools: [OpenAITool]?
    let temperature: Double?
    let maxTokens: Int?
    let maxCompletionTokens: Int?
    let stream = true
    let streamOptions = StreamOptions()

    struct StreamOptions: Encodable {
        let includeUsage = true

        enum CodingKeys: String, CodingKey { case includeUsage = "include_usage" }
    }

    init(_ request: ModelRequest, provider: String, tokenLimit: OpenAIProvider.TokenLimit) {
        model = request.model
        messages = OpenAIMessage.messages(
            system: request.system, HistoryStep.steps(of: request.messages, for: provider))
        tools = request.tools.isEmpty ? nil : request.tools.map(OpenAITool.init)
        temperature = request.temperature
        maxTokens = tokenLimit == .maxTokens ? request.maxTokens : nil
        maxCompletionTokens = tokenLimit == .maxCompletionTokens ? request.maxTokens : nil
    }

    enum CodingKeys: String, CodingKey {
        case model, messages, tools, temperature, stream
        case maxTokens = "max_tokens"
        case maxCompletionTokens = "max_completion_tokens"
        case streamOptions = "stream_options"
    }
}

struct OpenAITool: Encodable {
    let type = "function"
    let function: Function

    struct Function: Encodable {
        let name: String
        let description: String
        let parameters: JSONValue
    }

    init(_ tool: ToolDescription) {
        function = Function(name: tool.name, description: tool.description, parameters: tool.inputSchema)
    }
}
