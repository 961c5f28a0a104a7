import JSON

/// How many tokens a text may have, without the tokeniser of any model: the raw number that `TokenEstimator` calibrates, and
/// what stands for the usage of a reply whose provider never said.
///
/// Tokenisers in use cut texts at changes between letters, digits, white space and signs before they look at anything else,
/// take words of up to some seven Latin letters whole and digits by threes. So it is runs that are counted here, not
/// characters: prose, code and tables come out alike, within a tenth of `cl100k_base`, and what a model's own tokeniser makes
/// of them is one factor.
package enum TokenEstimate {
    /// Tokens. What marks a message's beginning, role and end in the formats of chat models, three or four.
    package static let perMessage = 4
    /// Tokens. The frame of a tool call or a tool's result in a prompt: its name, its id and the markers around.
    package static let perToolBlock = 12

    /// Bytes of UTF-8 that make a token, about: for bounds on what is not looked at.
    package static let bytesPerToken = 4

    package static func tokens(in text: String) -> Int {
        var text = text
        return text.withUTF8 { bytes in
            var count = TextRuns()
            for byte in bytes { count.add(byte) }
            return (count.tenths + 9) / 10
        }
    }

    /// The tokens of a block as a provider would be sent it.
    package static func tokens(in block: ContentBlock) -> Int {
        switch block {
        case .text(let text): self.tokens(in: text)
        case .thinking(let thinking): self.tokens(in: thinking.text)
        case .toolCall(let call):
            self.perToolBlock + self.tokens(in: call.name) + (call.input.map { self.tokens(in: $0.jsonText) } ?? 0)
        case .toolResult(let result): self.perToolBlock + self.tokens(in: result.output)
        case .opaque(_, let value): self.tokens(in: value.jsonText)
        }
    }

    package static func tokens(in message: Message) -> Int {
        message.content.reduce(self.perMessage) { $0 + self.tokens(in: $1) }
    }

    /// The tokens of what a model is told of a tool.
    package static func tokens(in tool: ToolDescription) -> Int {
        self.perToolBlock + self.tokens(in: tool.name) + self.tokens(in: tool.description)
            + self.tokens(in: tool.inputSchema.jsonText)
    }

    /// The tokens of a whole prompt; an empty system prompt costs nothing, as none is sent.
    package static func tokens(
        inPrompt messages: [Message], system: String = "", tools: [ToolDescription] = []
    ) -> Int {
        let start = system.isEmpty ? 0 : self.perMessage + self.tokens(in: system)
        return messages.reduce(start) { $0 + self.tokens(in: $1) } + tools.reduce(0) { $0 + self.tokens(in: $1) }
    }
}
