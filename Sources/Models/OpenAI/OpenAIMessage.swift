import Conversation
import JSON

/// A message of a request.
struct OpenAIMessage: Encodable {
    let role: String
    var content: String?
    var toolCalls: [ToolCallItem]?
    var toolCallID: String?

    struct ToolCallItem: Encodable {
        let id: String
        let type = "function"
        let function: Function

        struct Function: Encodable {
            let name: String
            /// JSON text.
            let arguments: String
        }
    }

    enum CodingKeys: String, CodingKey {
        case role, content
        case toolCalls = "tool_calls"
        case toolCallID = "tool_call_id"
    }

    static func messages(system: String?, _ steps: [HistoryStep]) -> [OpenAIMessage] {
        var messages: [OpenAIMessage] = []
        // `system` and not `developer`: every server knows it, and OpenAI's newer models take it for the same.
        if let system, !system.isEmpty { messages.append(OpenAIMessage(role: "system", content: system)) }
        for step in steps {
            switch step {
            case .user(let texts):
                messages.append(OpenAIMessage(role: "user", content: texts.joined(separator: "\n\n")))
            case .assistant(let blocks):
                if let message = assistant(blocks) { messages.append(message) }
            case .results(let results):
                messages += results.map { OpenAIMessage(role: "tool", content: $0.output, toolCallID: $0.call) }
            }
        }
        return messages
    }

    private static func assistant(_ blocks: [ContentBlock]) -> OpenAIMessage? {
        var text: String?
        var calls: [ToolCallItem] = []
        for block in blocks {
            switch block {
            case .text(let piece): text = (text ?? "") + piece
            case .toolCall(let call):
                calls.append(
                    ToolCallItem(
                        id: call.id, function: .init(name: call.name, arguments: call.input?.jsonText ?? "{}")))
            // The API has no place for thinking: DeepSeek refuses a request that carries it back.
            case .thinking, .toolResult, .opaque: break
            }
        }
        if text == nil, calls.isEmpty { return nil }
        return OpenAIMessage(role: "assistant", content: text, toolCalls: calls.isEmpty ? nil : calls)
    }
}
