/// What `turn.started` tells of a `ContextPlan`.
package struct ContextFigures: Hashable, Sendable {
    /// The policy that decided.
    package var policy: String
    /// Messages of the path: sent as they are, left out, stood for by a summary, and sent because they fit the question.
    package var sentMessages: Int
    package var droppedMessages: Int
    package var summarisedMessages: Int
    package var recalledMessages: Int
    /// The prompt's tokens, estimated.
    package var estimatedTokens: Int
    /// Tokens; nil for a policy that keeps to no bound.
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

extension ContextPlan {
    package var figures: ContextFigures {
        ContextFigures(
            policy: self.policy, sentMessages: self.sentMessages, droppedMessages: self.droppedMessages,
            summarisedMessages: self.summarisedMessages, recalledMessages: self.recalledMessages,
            estimatedTokens: self.estimatedTokens, budgetTokens: self.budgetTokens)
    }
}
