extension Message {
    /// The message without what no provider takes: empty text, calls that were never answered, results without their call,
    /// thinking that is not signed. nil where nothing is left that says something.
    package var sendable: Message? {
        let pairs = self.role == .assistant ? ToolPairs.places(in: self.content) : [:]
        let results = Set(pairs.values)
        let kept = self.content.indices.filter { place in
            switch (self.role, self.content[place]) {
            case (_, .text(let text)): !text.allSatisfy(\.isWhitespace)
            case (.user, _): false
            case (.assistant, .thinking(let thinking)): thinking.signature != nil
            case (.assistant, .toolCall): pairs[place] != nil
            case (.assistant, .toolResult): results.contains(place)
            case (.assistant, .opaque): true
            }
        }
        // Thinking leads to something: alone it is refused.
        guard kept.contains(where: { if case .thinking = self.content[$0] { false } else { true } }) else { return nil }
        if kept.count == self.content.count { return self }
        var message = self
        message.content = kept.map { self.content[$0] }
        return message
    }

    /// The message with each tool result cut to a line that says what it was; unchanged where that saves nothing.
    package var clearingToolResults: Message {
        var message = self
        message.content = self.content.map { block in
            guard case .toolResult(var result) = block, result.output.utf8.count > Self.clearedBytes else {
                return block
            }
            let line = result.output.prefix(utf8Bytes: Self.clearedBytes / 2).split(whereSeparator: \.isNewline).first
            result.output =
                "\(line ?? "")… [the rest of this old result, \(result.output.utf8.count) bytes in all, is left out]"
            return .toolResult(result)
        }
        return message
    }

    /// Bytes. A result that is shorter would hardly get shorter: it is kept.
    private static let clearedBytes = 160
}
