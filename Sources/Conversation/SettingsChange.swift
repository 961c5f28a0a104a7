/// Some of a session's settings, as `configure` and the settings of `open` bring them: nil leaves a setting as it is.
package struct SettingsChange: Hashable, Sendable {
    package var title: String?
    package var system: String?
    package var model: String?
    package var temperature: Double?
    package var maxTokens: Int?
    package var tools: [String]?
    package var policy: String?
    package var turns: Int?
    package var budgetTokens: Int?
    package var minimumTurns: Int?
    package var recall: Int?
    package var clearToolResultsAfter: Int?

    package init(
        title: String? = nil, system: String? = nil, model: String? = nil, temperature: Double? = nil,
        maxTokens: Int? = nil, tools: [String]? = nil, policy: String? = nil, turns: Int? = nil,
        budgetTokens: Int? = nil, minimumTurns: Int? = nil, recall: Int? = nil, clearToolResultsAfter: Int? = nil
    ) {
        self.title = title
        self.system = system
        self.model = model
        self.temperature = temperature
        self.maxTokens = maxTokens
        self.tools = tools
        self.policy = policy
        self.turns = turns
        self.budgetTokens = budgetTokens
        self.minimumTurns = minimumTurns
        self.recall = recall
        self.clearToolResultsAfter = clearToolResultsAfter
    }

    package var isEmpty: Bool { self == SettingsChange() }
}

extension SessionSettings {
    /// The settings with the change made.
    ///
    /// - Throws: `SettingsError` for the first field that is out of bounds.
    package func applying(_ change: SettingsChange) throws(SettingsError) -> SessionSettings {
        let settings = SessionSettings(
            title: change.title ?? self.title, system: change.system ?? self.system,
            model: change.model ?? self.model, temperature: change.temperature ?? self.temperature,
            maxTokens: change.maxTokens ?? self.maxTokens, tools: change.tools ?? self.tools,
            context: Context(
                policy: change.policy ?? self.context.policy, turns: change.turns ?? self.context.turns,
                budgetTokens: change.budgetTokens ?? self.context.budgetTokens,
                minimumTurns: change.minimumTurns ?? self.context.minimumTurns,
                recall: change.recall ?? self.context.recall,
                clearToolResultsAfter: change.clearToolResultsAfter ?? self.context.clearToolResultsAfter),
            titleIsMade: change.title == nil && self.titleIsMade)
        try settings.validate()
        return settings
    }
}
