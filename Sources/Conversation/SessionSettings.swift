/// What a session's owner can set; it counts from the next turn on.
///
/// Values are checked by `validate()`, not as they are set: a change is judged as a whole.
package struct SessionSettings: Hashable, Sendable {
    /// Empty: the session has no title yet.
    package var title: String
    /// Whether the server made the title. A person's is never replaced.
    package var titleIsMade: Bool
    /// The system prompt; empty: none is sent.
    package var system: String
    package var model: String
    /// nil: not sent, as some models refuse it.
    package var temperature: Double?
    /// The most tokens a reply may have; nil: the provider's default.
    package var maxTokens: Int?
    /// The names of the server's tools that the model is told of; nil: all of them.
    package var tools: [String]?
    package var context: Context

    /// What of the history a model gets to see.
    package struct Context: Hashable, Sendable {
        /// The name of a `ContextPolicy`. Whether the server has it, the one who holds the policies checks.
        package var policy: String
        /// Turns: how many of the newest are sent where not all are. nil: `ContextDefaults.turns`.
        package var turns: Int?
        /// Tokens: the most of the prompt, as `TokenEstimator` counts. nil: `ContextDefaults.budgetTokens`.
        package var budgetTokens: Int?
        /// Turns: how many of the newest are sent even over the budget; more than `turns` counts as `turns`. nil:
        /// `ContextDefaults.minimumTurns`.
        package var minimumTurns: Int?
        /// For `retrieve`: how many older exchanges are recalled at most. nil: `ContextDefaults.recall`.
        package var recall: Int?
        /// Turns: how many of the newest keep the whole of their tools' results; those of older ones are cut to a line. nil
        /// and 0: all keep them.
        package var clearToolResultsAfter: Int?

        package init(
            policy: String = FullHistory.name, turns: Int? = nil, budgetTokens: Int? = nil, minimumTurns: Int? = nil,
            recall: Int? = nil, clearToolResultsAfter: Int? = nil
        ) {
            self.policy = policy
            self.turns = turns
            self.budgetTokens = budgetTokens
            self.minimumTurns = minimumTurns
            self.recall = recall
            self.clearToolResultsAfter = clearToolResultsAfter
        }
    }

    package init(
        title: String = "", system: String = "", model: String, temperature: Double? = nil, maxTokens: Int? = nil,
        tools: [String]? = nil, context: Context = Context(), titleIsMade: Bool = false
    ) {
        self.title = title
        self.titleIsMade = titleIsMade
        self.system = system
        self.model = model
        self.temperature = temperature
        self.maxTokens = maxTokens
        self.tools = tools
        self.context = context
    }
}
