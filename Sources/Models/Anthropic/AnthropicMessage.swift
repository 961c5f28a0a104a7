import Conversation
import JSON

/// A message of a request. Tool results stand in a user's message.
struct AnthropicMessage: Encodable {
    let role: Role
    var content: [Block]
    /// The places of blocks that end a cached prefix.
    var cacheEnds: Set<Int> = []

    init(role: Role, content: [Block]) {
        self.role = role
        self.content = content
    }

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
    private enum CodingKeys: String, CodingKey {
        case role, content
        case cacheControl = "cache_control"
    }

    /// A block with the mark on it.
    private struct CacheEnd: Encodable {
        let block: Block

        func encode(to encoder: any Encoder) throws {
            try block.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(AnthropicCacheControl(), forKey: .cacheControl)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(role, forKey: .role)
        var blocks = container.nestedUnkeyedContainer(forKey: .content)
        for (place, block) in content.enumerated() {
            if cacheEnds.contains(place) {
                try blocks.encode(CacheEnd(block: block))
            } else {
                try blocks.encode(block)
            }
        }
    }

    enum Block: Encodable {
        case text(String)
        case thinking(String, signature: String)
        case toolUse(id: String, name: String, input: JSONValue)
        case toolResult(ToolResult)
        case opaque(JSONValue)

        /// Thinking cannot carry the mark, and what we do not know may not.
        var canEndCache: Bool {
            switch self {
            case .text, .toolUse, .toolResult: true
            case .thinking, .opaque: false
            }
        }

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
