import JSON
import NIOCore
import WhinchatTesting

/// What a scenario wants to know of a request to a model.
struct CallRequest {
    let dialect: Dialect
    let model: String
    let streams: Bool
    let includesUsage: Bool
    let prompt: Prompt
    /// The text of the newest tool result, where the request ends with one.
    let toolResult: String?
    /// The request ends with a reply's own beginning, for the model to go on from.
    let continuesReply: Bool
    /// What the tool `calculate` calls its input.
    let calculateInput: String
    /// The input schemas of the tools that are offered.
    private let schemas: [String: JSONValue]

    init?(_ request: ReceivedRequest, body: JSONValue) {
        guard let dialect = Dialect(path: request.path), let model = body["model"]?.stringValue else { return nil }
        self.dialect = dialect
        self.model = model
        streams = body["stream"]?.boolValue ?? false
        includesUsage = body["stream_options"]?["include_usage"]?.boolValue ?? false
        prompt = Prompt(body)
        let last = body["messages"]?.arrayValue?.last
        continuesReply = last?["role"]?.stringValue == "assistant"
        switch dialect {
        case .anthropic:
            let results = last?["content"]?.arrayValue?.filter { $0["type"]?.stringValue == "tool_result" }
            toolResult = results?.last.map { Self.text(of: $0["content"]) }
        case .openAI: toolResult = last?["role"]?.stringValue == "tool" ? Self.text(of: last?["content"]) : nil
        }
        let tools = (body["tools"]?.arrayValue ?? []).map { $0["function"] ?? $0 }
        let calculate = tools.first { $0["name"]?.stringValue == "calculate" }
        let properties = (calculate?["input_schema"] ?? calculate?["parameters"])?["properties"]?.objectValue
        calculateInput = properties?.keys.sorted().first ?? "expression"
        schemas = Dictionary(
            tools.compactMap { tool in
                tool["name"]?.stringValue.map { ($0, tool["input_schema"] ?? tool["parameters"] ?? [:]) }
            }, uniquingKeysWith: { first, _ in first })
    }

    /// An input for a tool: of each property the schema's `default`, where it has one.
    func defaultInput(of tool: String) -> JSONValue {
        .object((schemas[tool]?["properties"]?.objectValue ?? [:]).compactMapValues { $0["default"] })
    }

    /// A string, or the texts of a list of blocks.
    private static func text(of content: JSONValue?) -> String {
        content?.stringValue ?? (content?.arrayValue ?? []).compactMap { $0["text"]?.stringValue }.joined()
    }
}
