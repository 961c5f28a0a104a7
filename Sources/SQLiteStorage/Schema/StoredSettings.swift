import Conversation
import JSON

/// A session's settings as JSON text, by which the store finds those that it has.
enum StoredSettings {
    static func text(_ settings: SessionSettings) -> String {
        guard settings.titleIsMade, case .object(var members) = settings.json else { return settings.json.jsonText }
        members["title_is_made"] = true
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
                clearToolResultsAfter: value["context"]?["clear_tool_results_after"]?.intValue),
            titleIsMade: value["title_is_made"]?.boolValue ?? false)
    }
}
