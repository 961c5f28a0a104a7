import Conversation
import JSON

/// The body of `POST /v1/messages` (platform.claude.com/docs/en/api/messages).
struct AnthropicRequest: Encodable {
    /// The API demands a bound on the reply. 8,192 tokens, some 6,000 words, is where the models of 2024 end; longer replies
    /// are for `max_tokens` in the settings.
    static let defaultMaxTokens = 8192

    let model: String
    let maxTokens: Int
    let system: String?
    let messages: [AnthropicMessage]
    let tools: [AnthropicTool]?
    let temperature: Double?
    let stream = true

    init(_ request: ModelRequest, provider: String) {
        model = request.model
        maxTokens = request.maxTokens ?? Self.defaultMaxTokens
        system = request.system.flatMap { $0.isEmpty ? nil : $0 }
        messages = AnthropicMessage.messages(of: HistoryStep.steps(of: request.messages, for: provider))
        tools = request.tools.isEmpty ? nil : request.tools.map(AnthropicTool.init)
        temperature = request.temperature
    }

    enum CodingKeys: String, CodingKey {
        case model, system, messages, tools, temperature, stream
        case maxTokens = "max_tokens"
    }
}

struct AnthropicTool: Encodable {
    let name: String
    let description: String
    let inputSchema: JSONValue

    init(_ tool: ToolDescription) {
        name = tool.name
        description = tool.description
        inputSchema = tool.inputSchema
    }

    enum CodingKeys: String, CodingKey {
        case name, description
        case inputSchema = "input_schema"
    }
}
