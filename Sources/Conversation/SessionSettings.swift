/// What a session's owner can set; it counts from the next turn on.
///
/// Values are checked by `validate()`, not as they are set: a change is judged as a whole.
package struct SessionSettings: Hashable, Sendable {
    /// Empty: the session has no title yet.
    package var title: String
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
        /// For a policy that counts: how many of the newest turns are sent. nil: the policy's default.
        package var turns: Int?
        /// For a policy that measures: the most tokens of the prompt, as `TokenEstimate` counts. nil: its default.
        package var budgetTokens: Int?

        package init(policy: String = FullHistory.name, turns: Int? = nil, budgetTokens: Int? = nil) {
            self.policy = policy
            self.turns = turns
            self.budgetTokens = budgetTokens
        }
    }

    package init(
        title: String = "", system: String = "", model: String, temperature: Double? = nil, maxTokens: Int? = nil,
        tools: [String]? = nil, context: Context = Context()
    ) {
        self.title = title
        self.system = system
        self.model = model
        self.temperature = temperature
        self.maxTokens = maxTokens
        self.tools = tools
        self.context = context
    }
}
