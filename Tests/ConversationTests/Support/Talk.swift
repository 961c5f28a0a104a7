import Conversation
import JSON

/// Conversations to plan for.
enum Talk {
    static func user(_ id: String, _ text: String, parent: String? = nil) -> Message {
        Message(id: id, parent: parent, role: .user, content: [.text(text)], createdAt: 0, turn: "t")
    }

    static func reply(_ id: String, _ content: [ContentBlock], parent: String? = nil) -> Message {
        Message(id: id, parent: parent, role: .assistant, content: content, createdAt: 0, turn: "t")
    }

    /// A text of about so many tokens by `TokenEstimate`.
    static func text(tokens: Int) -> String { String(repeating: "abc ", count: tokens) }

    /// `turns` questions and answers and the question after them: `u0`, `a0`, `u1`, … Each message has `tokens` in its text.
    static func path(turns: Int, tokens: Int) -> [Message] {
        var path: [Message] = []
        for turn in 0..<turns {
            path.append(self.user("u\(turn)", self.text(tokens: tokens)))
            path.append(self.reply("a\(turn)", [.text(self.text(tokens: tokens))]))
        }
        return path + [self.user("u\(turns)", self.text(tokens: tokens))]
    }

    /// A reply that used a tool.
    static func toolReply(_ id: String, resultTokens: Int) -> Message {
        self.reply(
            id,
            [
                .toolCall(ToolCall(id: "c-\(id)", name: "look", input: ["at": "it"])),
                .toolResult(ToolResult(call: "c-\(id)", output: self.text(tokens: resultTokens), isError: false)),
                .text("Done."),
            ])
    }

    static func settings(
        _ policy: String = SlidingWindow.name, turns: Int? = nil, budget: Int? = nil, minimumTurns: Int? = nil,
        recall: Int? = nil, clearAfter: Int? = nil, system: String = ""
    ) -> SessionSettings {
        SessionSettings(
            system: system, model: "m",
            context: .init(
                policy: policy, turns: turns, budgetTokens: budget, minimumTurns: minimumTurns, recall: recall,
                clearToolResultsAfter: clearAfter))
    }
}

extension ContextPlan {
    var ids: [String] { self.messages.map(\.id) }
}
