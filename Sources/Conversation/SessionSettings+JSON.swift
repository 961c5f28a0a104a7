package import JSON

extension SessionSettings {
    /// The settings in the protocol's names; what is not set is absent. The same settings always give the same text.
    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "title": .string(self.title), "system": .string(self.system), "model": .string(self.model),
            "context": self.context.json,
        ]
        if let temperature = self.temperature { members["temperature"] = .double(temperature) }
        if let maxTokens = self.maxTokens { members["max_tokens"] = .int(maxTokens) }
        if let tools = self.tools { members["tools"] = .array(tools.map(JSONValue.string)) }
        return .object(members)
    }
}

extension SessionSettings.Context {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = ["policy": .string(self.policy)]
        let numbers = [
            "turns": self.turns, "budget_tokens": self.budgetTokens, "min_turns": self.minimumTurns,
            "recall": self.recall, "clear_tool_results_after": self.clearToolResultsAfter,
        ]
        for case (let name, let number?) in numbers { members[name] = .int(number) }
        return .object(members)
    }
}
