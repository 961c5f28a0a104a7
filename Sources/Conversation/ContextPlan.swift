/// What a policy decided to send, and what `turn.started` tells of it.
package struct ContextPlan: Hashable, Sendable {
    /// What is sent, oldest first.
    package var messages: [Message]
    /// The policy that decided.
    package var policy: String
    /// How many messages of the path are sent as they are.
    package var sentMessages: Int
    /// How many messages of the path the model learns nothing of.
    package var droppedMessages: Int
    /// How many messages of the path a summary stands for.
    package var summarisedMessages: Int
    /// How many older messages were sent because they fit the question.
    package var recalledMessages: Int
    /// The prompt's tokens by `TokenEstimate`: the system prompt and `messages`, without the tools' descriptions.
    package var estimatedTokens: Int
    /// The bound that the policy kept to; nil for one that keeps to none.
    package var budgetTokens: Int?

    package init(
        messages: [Message], policy: String, sentMessages: Int, droppedMessages: Int = 0, summarisedMessages: Int = 0,
        recalledMessages: Int = 0, estimatedTokens: Int, budgetTokens: Int? = nil
    ) {
        self.messages = messages
        self.policy = policy
        self.sentMessages = sentMessages
        self.droppedMessages = droppedMessages
        self.summarisedMessages = summarisedMessages
        self.recalledMessages = recalledMessages
        self.estimatedTokens = estimatedTokens
        self.budgetTokens = budgetTokens
    }
}
