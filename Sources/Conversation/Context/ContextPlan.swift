/// What a policy decided to send, and what `turn.started` tells of it.
package struct ContextPlan: Hashable, Sendable {
    /// What is sent, oldest first: messages of the path, and before or among them a summary or recalled exchanges as user
    /// messages of their own.
    package var messages: [Message]
    /// The policy that decided.
    package var policy: String
    /// How many messages of the path are sent as they are (tool results may be cut to a line).
    package var sentMessages: Int
    /// How many messages of the path the model learns nothing of. Those with nothing to send, as the reply of a turn that
    /// failed at once, are counted nowhere.
    package var droppedMessages: Int
    /// How many messages of the path a summary stands for.
    package var summarisedMessages: Int
    /// How many older messages were sent because they fit the question.
    package var recalledMessages: Int
    /// The prompt's tokens as `TokenEstimator` counts them: system prompt, tools and `messages`.
    package var estimatedTokens: Int
    /// The bound that the policy kept to, its budget or what the model reads at most; nil for one that keeps to none.
    package var budgetTokens: Int?
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
        self.policy = policy
        self.sentMessages = sentMessages
        self.droppedMessages = droppedMessages
        self.summarisedMessages = summarisedMessages
        self.recalledMessages = recalledMessages
        self.estimatedTokens = estimatedTokens
        self.budgetTokens = budgetTokens
        self.stableMessages = stableMessages ?? messages.count
        self.head = head
    }
}
