package import Conversation
import JSON
import NIOCore

// The protocol's shapes ("Shapes" in docs/protocol.md), as members of a frame.
extension FrameWriter {
    /// - Parameter siblings: the ids of the messages with the same parent, in order, the message itself included.
    package mutating func message(_ message: Message, siblings: [String]) {
        field("id", message.id)
        if let parent = message.parent { field("parent", parent) } else { null("parent") }
        field("siblings", siblings)
        field("role", message.role.rawValue)
        objects("content", message.content) { writer, block in writer.block(block) }
        field("created_at", Timestamp.text(message.createdAt))
        field("turn", message.turn)
        field("partial", message.partial)
        field("model", message.model)
        if let usage = message.usage { object("usage") { $0.usage(usage) } }
        field("status", message.status?.rawValue)
        if let timing = message.record?.timing { object("timing") { $0.timing(timing) } }
        if let error = message.record?.error { object("error") { $0.error(error) } }
    }

    package mutating func block(_ block: ContentBlock) {
        switch block {
        case .text(let text):
            field("kind", "text")
            field("text", text)
        case .thinking(let thinking):
            field("kind", "thinking")
            field("text", thinking.text)
        case .toolCall(let call):
            field("kind", "tool_call")
            field("call", call.id)
            field("name", call.name)
            if let input = call.input { field("input", input) } else { null("input") }
        case .toolResult(let result):
            field("kind", "tool_result")
            field("call", result.call)
            field("output", result.output)
            field("is_error", result.isError)
        case .opaque(let provider, let value):
            // A later kind, which clients ignore: what is in it is between us and the provider.
            field("kind", "opaque")
            field("provider", provider)
            field("type", value["type"]?.stringValue)
        }
    }

    package mutating func usage(_ usage: Usage) {
        field("input_tokens", usage.inputTokens)
        field("output_tokens", usage.outputTokens)
        field("cache_read_tokens", usage.cacheReadTokens)
        field("cache_write_tokens", usage.cacheWriteTokens)
        field("estimated", usage.estimated)
    }

    package mutating func settings(_ settings: SessionSettings) {
        field("title", settings.title)
        field("system", settings.system)
        field("model", settings.model)
        field("temperature", settings.temperature)
        field("max_tokens", settings.maxTokens)
        if let tools = settings.tools { field("tools", tools) }
        object("context") { context in
            context.field("policy", settings.context.policy)
            context.field("turns", settings.context.turns)
            context.field("budget_tokens", settings.context.budgetTokens)
            context.field("min_turns", settings.context.minimumTurns)
            context.field("recall", settings.context.recall)
            context.field("clear_tool_results_after", settings.context.clearToolResultsAfter)
        }
    }

    /// What the context policy decided for one turn.
    package mutating func context(_ figures: ContextFigures) {
        field("policy", figures.policy)
        field("sent_messages", figures.sentMessages)
        field("dropped_messages", figures.droppedMessages)
        field("summarised_messages", figures.summarisedMessages)
        field("recalled_messages", figures.recalledMessages)
        field("estimated_tokens", figures.estimatedTokens)
        field("budget_tokens", figures.budgetTokens)
    }
}
