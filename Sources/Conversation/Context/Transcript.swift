import JSON

/// Messages as a text that people and models can read: for a summary to be made of, and for what is recalled.
enum Transcript {
    /// - Parameters:
    ///   - textBytes: the most of one text; 0 cuts nothing.
    ///   - resultBytes: the most of one tool's input or result: the answer says what came of it.
    static func text(of messages: [Message], textBytes: Int, resultBytes: Int = 600) -> String {
        messages.flatMap { message in
            message.content.compactMap { block -> String? in
                switch block {
                case .text(let text):
                    return (message.role == .user ? "User: " : "Assistant: ") + self.cut(text, textBytes)
                case .toolCall(let call):
                    return "Assistant uses \(call.name): \(self.cut(call.input?.jsonText ?? "{}", resultBytes))"
                case .toolResult(let result):
                    return "Result\(result.isError ? " (an error)" : ""): \(self.cut(result.output, resultBytes))"
                case .thinking, .opaque: return nil
                }
            }
        }.joined(separator: "\n\n")
    }

    /// The beginning and the end of a text that is too long: questions often stand at the end of what was pasted.
    private static func cut(_ text: String, _ bytes: Int) -> String {
        guard text.utf8.count > bytes else { return text }
        let start = text.prefix(utf8Bytes: bytes * 2 / 3)
        var index = text.utf8.index(text.utf8.endIndex, offsetBy: -(bytes / 3))
        while index < text.endIndex, index.samePosition(in: text.unicodeScalars) == nil {
            index = text.utf8.index(after: index)
        }
        return "\(start) […] \(text[index...])"
    }
}
