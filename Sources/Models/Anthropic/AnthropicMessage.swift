import Conversation
import JSON

/// A message of a request. Tool results stand in a user's message.
struct AnthropicMessage: Encodable {
    let role: Role
    var content: [Block]

    enum Role: String, Encodable { case user, assistant }

    static func messages(of steps: [HistoryStep]) -> [AnthropicMessage] {
        var messages: [AnthropicMessage] = []
        for step in steps {
            let message =
                switch step {
                case .user(let texts): AnthropicMessage(role: .user, content: texts.map(Block.text))
                case .results(let results): AnthropicMessage(role: .user, content: results.map(Block.toolResult))
                case .assistant(let blocks): AnthropicMessage(role: .assistant, content: blocks.compactMap(Block.init))
                }
            if messages.last?.role == message.role {
                messages[messages.count - 1].content += message.content
            } else {
                messages.append(message)
            }
        }
        return messages
    }
}

extension AnthropicMessage {
    enum Block: Encodable {
        case text(String)
        case thinking(String, signature: String)
        case toolUse(id: String, name: String, input: JSONValue)
        case toolResult(ToolResult)
        case opaque(JSONValue)

        init?(_ block: ContentBlock) {
            switch block {
            case .text(let text): self = .text(text)
            case .thinking(let thinking):
                guard let signature = thinking.signature else { return nil }
                self = .thinking(thinking.text, signature: signature)
            case .toolCall(let call):
                guard let input = call.input else { return nil }
                self = .toolUse(id: call.id, name: call.name, input: input)
            case .opaque(_, let value): self = .opaque(value)
            case .toolResult: return nil
            }
        }

        private enum CodingKeys: String, CodingKey {
            case type, text, thinking, signature, id, name, input, content
            case toolUseID = "tool_use_id"
            case isError = "is_error"
        }

        func encode(to encoder: any Encoder) throws {
            if case .opaque(let value) = self { return try value.encode(to: encoder) }
            var container = encoder.container(keyedBy: CodingKeys.self)
            switch self {
            case .text(let text):
                try container.encode("text", forKey: .type)
                try container.encode(text, forKey: .text)
            case .thinking(let text, let signature):
                try container.encode("thinking", forKey: .type)
                try container.encode(text, forKey: .thinking)
                try container.encode(signature, forKey: .signature)
            case .toolUse(let id, let name, let input):
                try container.encode("tool_use", forKey: .type)
                try container.encode(id, forKey: .id)
                try container.encode(name, forKey: .name)
                // The API wants an object, whatever the model had written.
                try container.encode(input.objectValue == nil ? [:] : input, forKey: .input)
            case .toolResult(let result):
                try container.encode("tool_result", forKey: .type)
                try container.encode(result.call, forKey: .toolUseID)
                try container.encode(result.output, forKey: .content)
                if result.isError { try container.encode(true, forKey: .isError) }
            case .opaque: break
            }
        }
    }
}
