package import JSON

/// One piece of a message. A reply's blocks stand in the order in which they happened, tool results included.
package enum ContentBlock: Hashable, Sendable {
    case text(String)
    case thinking(Thinking)
    case toolCall(ToolCall)
    case toolResult(ToolResult)
    /// A block of a kind we do not know, kept verbatim and sent back only to the provider that made it.
    case opaque(provider: String, JSONValue)
}

/// What a model thought before it spoke.
package struct Thinking: Hashable, Sendable {
    package var text: String
    /// Anthropic's signature over the text. Thinking without one is not sent back: the API refuses it.
    package var signature: String?

    package init(text: String, signature: String? = nil) {
        self.text = text
        self.signature = signature
    }
}

/// A model's wish to run a tool.
package struct ToolCall: Hashable, Sendable {
    /// The provider's id of the call, or one we made where it gave none.
    package var id: String
    package var name: String
    /// The input, once it was complete and valid JSON; nil where the stream broke off or the JSON was invalid.
    package var input: JSONValue?

    package init(id: String, name: String, input: JSONValue?) {
        self.id = id
        self.name = name
        self.input = input
    }
}

/// What came of a tool call.
package struct ToolResult: Hashable, Sendable {
    package var call: String
    package var output: String
    package var isError: Bool

    package init(call: String, output: String, isError: Bool) {
        self.call = call
        self.output = output
        self.isError = isError
    }
}
