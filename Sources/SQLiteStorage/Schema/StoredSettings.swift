import Conversation
import JSON

/// A session's settings as JSON text: the same settings always give the same text.
enum StoredSettings {
    static func text(_ settings: SessionSettings) -> String {
        var context: [String: JSONValue] = ["policy": .string(settings.context.policy)]
        if let turns = settings.context.turns { context["turns"] = .int(turns) }
        if let budget = settings.context.budgetTokens { context["budget_tokens"] = .int(budget) }
        if let turns = settings.context.minimumTurns { context["min_turns"] = .int(turns) }
        if let recall = settings.context.recall { context["recall"] = .int(recall) }
        if let turns = settings.context.clearToolResultsAfter { context["clear_tool_results_after"] = .int(turns) }
        var members: [String: JSONValue] = [
            "title": .string(settings.title), "system": .string(settings.system), "model": .string(settings.model),
            "context": .object(context),
        ]
        if let temperature = settings.temperature { members["temperature"] = .double(temperature) }
        if let maxTokens = settings.maxTokens { members["max_tokens"] = .int(maxTokens) }
        if let tools = settings.tools { members["tools"] = .array(tools.map(JSONValue.string)) }
        return JSONValue.object(members).jsonText
    }

    static func settings(_ text: String) throws(StoredFormError) -> SessionSettings {
        let value = try StoredFormError.reading(text, "settings") { scanner throws(JSONError) in try scanner.readValue()
        }
        guard let model = value["model"]?.stringValue, let policy = value["context"]?["policy"]?.stringValue else {
            throw StoredFormError(what: "settings")
        }
        return SessionSettings(
            title: value["title"]?.stringValue ?? "", system: value["system"]?.stringValue ?? "", model: model,
            temperature: value["temperature"]?.doubleValue, maxTokens: value["max_tokens"]?.intValue,
            tools: value["tools"]?.arrayValue?.compactMap(\.stringValue),
            context: SessionSettings.Context(
                policy: policy, turns: value["context"]?["turns"]?.intValue,
                budgetTokens: value["context"]?["budget_tokens"]?.intValue,
                minimumTurns: value["context"]?["min_turns"]?.intValue,
                recall: value["context"]?["recall"]?.intValue,
                clearToolResultsAfter: value["context"]?["clear_tool_results_after"]?.intValue))
    }
}
