/// What `turn.started` tells of a `ContextPlan`.
package struct ContextFigures: Hashable, Sendable {
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
    /// The prompt's tokens as `TokenEstimator` counts them: system prompt, tools and messages.
    package var estimatedTokens: Int
    /// The bound that the policy kept to, its budget or what the model reads at most; nil for one that keeps to none.
    package var budgetTokens: Int?

    package init(
        policy: String, sentMessages: Int, droppedMessages: Int = 0, summarisedMessages: Int = 0,
        recalledMessages: Int = 0, estimatedTokens: Int, budgetTokens: Int? = nil
    ) {
        self.policy = policy
        self.sentMessages = sentMessages
        self.droppedMessages = droppedMessages
        self.summarisedMessages = summarisedMessages
        self.recalledMessages = recalledMessages
        self.estimatedTokens = estimatedTokens
        self.budgetTokens = budgetTokens
    }
}
