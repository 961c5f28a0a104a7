import Conversation
import JSON

/// The body of `POST /v1/messages` (platform.claude.com/docs/en/api/messages).
struct AnthropicRequest: Encodable {
    /// The API demands a bound on the reply. 8,192 tokens, some 6,000 words, is where the models of 2024 end; longer replies
    /// are for `max_tokens` in the settings.
    static let defaultMaxTokens = 8192

    let model: String
    let maxTokens: Int
    var system: AnthropicSystem?
    var messages: [AnthropicMessage]
    var tools: [AnthropicTool]?
    let temperature: Double?
    let stream = true

    /// - Parameter caches: whether the API's prompt cache is used; see `AnthropicCacheBreakpoints`.
    init(_ request: ModelRequest, provider: String, caches: Bool = true) {
        model = request.model
        maxTokens = request.maxTokens ?? Self.defaultMaxTokens
        system = request.system.flatMap { $0.isEmpty ? nil : AnthropicSystem(text: $0) }
        messages = AnthropicMessage.messages(of: HistoryStep.steps(of: request.messages, for: provider))
        tools = request.tools.isEmpty ? nil : request.tools.map { AnthropicTool($0) }
        temperature = request.temperature
        guard caches, let breakpoints = AnthropicCacheBreakpoints(for: request, messages, provider: provider) else {
            return
        }
        system?.isCacheEnd = true
        if let last = tools?.indices.last { tools?[last].cacheControl = AnthropicCacheControl() }
        for place in breakpoints.places { messages[place.message].cacheEnds.insert(place.block) }
    }

    enum CodingKeys: String, CodingKey {
        case model, system, messages, tools, temperature, stream
        case maxTokens = "max_tokens"
    }
}

/// Ends a prefix of the prompt that the API is to keep: tools come first, then the system prompt, then the messages.
struct AnthropicCacheControl: Encodable {
    let type = "ephemeral"
}

/// The system prompt: a text, or where a cached prefix ends with it, a block.
struct AnthropicSystem: Encodable {
    let text: String
    var isCacheEnd = false

    private enum CodingKeys: String, CodingKey {
        case type, text
        case cacheControl = "cache_control"
    }

    init(text: String) { self.text = text }

    func encode(to encoder: any Encoder) throws {
        guard isCacheEnd else {
            var container = encoder.singleValueContainer()
            return try container.encode(text)
        }
        var blocks = encoder.unkeyedContainer()
        var block = blocks.nestedContainer(keyedBy: CodingKeys.self)
        try block.encode("text", forKey: .type)
        try block.encode(text, forKey: .text)
        try block.encode(AnthropicCacheControl(), forKey: .cacheControl)
    }
}

struct AnthropicTool: Encodable {
    let name: String
    let description: String
    let inputSchema: JSONValue
    var cacheControl: AnthropicCacheControl?

    init(_ tool: ToolDescription) {
        name = tool.name
        description = tool.description
        inputSchema = tool.inputSchema
    }

    enum CodingKeys: String, CodingKey {
        case name, description
        case inputSchema = "input_schema"
        case cacheControl = "cache_control"
    }
}
