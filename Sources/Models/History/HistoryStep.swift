import Conversation
import JSON

/// One message of the conversation as the providers' APIs see it: there, tool results are messages of their own.
enum HistoryStep: Hashable {
    case user([String])
    /// Text, thinking, tool calls (each with a result in the step that follows), opaque blocks of the provider's own.
    case assistant([ContentBlock])
    case results([ToolResult])
}

extension HistoryStep {
    /// The conversation without what no API takes: calls that were never answered, thinking that is not signed, empty text,
    /// messages that this leaves empty, and whatever stands before the first user message.
    ///
    /// - Parameter provider: whose opaque blocks are kept.
    static func steps(of messages: [Message], for provider: String) -> [HistoryStep] {
        var steps: [HistoryStep] = []
        for message in messages {
            switch message.role {
            case .user:
                let texts = message.content.compactMap { block in
                    if case .text(let text) = block, !text.isBlank { text } else { nil }
                }
                if !texts.isEmpty { append(.user(texts), to: &steps) }
            case .assistant:
                for step in rounds(of: message, for: provider) { append(step, to: &steps) }
            }
        }
        return Array(steps.drop { if case .user = $0 { false } else { true } })
    }

    /// A message merges with one of the same role before it, as the APIs want roles to alternate.
    private static func append(_ step: HistoryStep, to steps: inout [HistoryStep]) {
        switch (steps.last, step) {
        case (.user(let before), .user(let texts)): steps[steps.count - 1] = .user(before + texts)
        case (.assistant(let before), .assistant(let blocks)):
            steps[steps.count - 1] = .assistant(before + blocks)
        default: steps.append(step)
        }
    }

    /// A reply as the calls to the model that made it: each ends where its tools' results begin.
    private static func rounds(of message: Message, for provider: String) -> [HistoryStep] {
        let results = ToolPairs.places(in: message.content)
        let answeredServerTools = Set(
            message.content.compactMap { block in
                if case .opaque(provider, let value) = block { value["tool_use_id"]?.stringValue } else { nil }
            })
        var steps: [HistoryStep] = []
        var blocks: [ContentBlock] = []
        var pending: [ToolResult] = []

        func endRound() {
            if pending.isEmpty {
                // Thinking leads to something: where that was cut off, the API refuses the thinking alone.
                while let last = blocks.last, last.isThinking { blocks.removeLast() }
            }
            if !blocks.isEmpty { steps.append(.assistant(blocks)) }
            // All results directly follow their calls, whatever stood between them when they came.
            if !pending.isEmpty { steps.append(.results(pending)) }
            blocks = []
            pending = []
        }

        for (place, block) in message.content.enumerated() {
            switch block {
            case .text(let text): if !text.isBlank { blocks.append(block) }
            case .thinking(let thinking): if thinking.signature != nil { blocks.append(block) }
            case .toolCall(let call):
                guard let answer = results[place], case .toolResult(let result) = message.content[answer] else {
                    continue
                }
                // An input that was no JSON cannot be sent, but the model must see what became of its call.
                let sent = ToolCall(
                    id: call.id, name: ToolName.sanitised(call.name), input: call.input ?? .object([:]))
                blocks.append(.toolCall(sent))
                pending.append(result)
            case .toolResult: if !pending.isEmpty { endRound() }
            case .opaque(let maker, let value):
                guard maker == provider else { continue }
                let isCutOff =
                    message.partial && value["type"]?.stringValue == "server_tool_use"
                    && !answeredServerTools.contains(value["id"]?.stringValue ?? "")
                if !isCutOff { blocks.append(block) }
            }
        }
        endRound()
        return steps
    }
}

extension String {
    /// Nothing but white space: as a text block, Anthropic's API refuses it.
    fileprivate var isBlank: Bool { allSatisfy(\.isWhitespace) }
}

extension ContentBlock {
    fileprivate var isThinking: Bool {
        switch self {
        case .thinking: true
        case .opaque(_, let value): value["type"]?.stringValue == "redacted_thinking"
        default: false
        }
    }
}
