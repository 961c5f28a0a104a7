/// What a policy decided to send; it has its `figures` as its own.
@dynamicMemberLookup
package struct ContextPlan: Hashable, Sendable {
    /// What is sent, oldest first: messages of the path, and before or among them a summary or recalled exchanges as user
    /// messages of their own.
    package var messages: [Message]
    package var figures: ContextFigures
    /// How many of `messages`, from the first, the next turn's prompt is expected to begin with: a cache of the provider's
    /// is worth writing up to there.
    package var stableMessages: Int
    /// What precedes the messages, as the estimator knows it.
    package var head: PromptHead

    package init(
        messages: [Message], policy: String, sentMessages: Int, droppedMessages: Int = 0, summarisedMessages: Int = 0,
        recalledMessages: Int = 0, estimatedTokens: Int, budgetTokens: Int? = nil, stableMessages: Int? = nil,
        head: PromptHead = PromptHead()
    ) {
        self.messages = messages
        self.figures = ContextFigures(
            policy: policy, sentMessages: sentMessages, droppedMessages: droppedMessages,
            summarisedMessages: summarisedMessages, recalledMessages: recalledMessages,
            estimatedTokens: estimatedTokens,
            budgetTokens: budgetTokens)
        self.stableMessages = stableMessages ?? messages.count
        self.head = head
    }

    package subscript<Value>(dynamicMember path: KeyPath<ContextFigures, Value>) -> Value {
        self.figures[keyPath: path]
    }
}
