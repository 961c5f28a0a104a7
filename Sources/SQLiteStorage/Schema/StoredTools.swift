import Conversation
import JSON
import Sessions

/// What a turn that has not ended has to do with tools elsewhere, as JSON text. nil: nothing.
enum StoredTools {
    static func text(_ tools: [ToolDescription]) -> String? {
        guard !tools.isEmpty else { return nil }
        let values = tools.map { tool in
            JSONValue.object([
                "name": .string(tool.name), "description": .string(tool.description), "input_schema": tool.inputSchema,
            ])
        }
        return JSONValue.array(values).jsonText
    }

    static func tools(_ text: String?) throws(StoredFormError) -> [ToolDescription] {
        try values(text, "client tools").map { (value) throws(StoredFormError) in
            guard let name = value["name"]?.stringValue, let description = value["description"]?.stringValue,
                let schema = value["input_schema"]
            else { throw StoredFormError(what: "client tool") }
            return ToolDescription(name: name, description: description, inputSchema: schema)
        }
    }

    /// The calls themselves are in the reply's pieces.
    static func text(_ calls: [WaitingCall]) -> String? {
        guard !calls.isEmpty else { return nil }
        let values = calls.map { call in
            JSONValue.object([
                "call": .string(call.call.id), "kind": .string(call.kind.rawValue),
                "deadline": .int(Int(call.deadline)),
            ])
        }
        return JSONValue.array(values).jsonText
    }

    /// - Parameter content: the reply so far.
    static func calls(_ text: String?, in content: [ContentBlock]) throws(StoredFormError) -> [WaitingCall] {
        try values(text, "waiting calls").map { (value) throws(StoredFormError) in
            guard let id = value["call"]?.stringValue, let deadline = value["deadline"]?.intValue,
                let kind = value["kind"]?.stringValue.flatMap(WaitingCall.Kind.init),
                let call = content.lastCall(id)
            else { throw StoredFormError(what: "waiting call") }
            return WaitingCall(call: call, kind: kind, deadline: Int64(deadline))
        }
    }

    private static func values(_ text: String?, _ what: String) throws(StoredFormError) -> [JSONValue] {
        guard let text else { return [] }
        let value = try StoredFormError.reading(text, what) { scanner throws(JSONError) in try scanner.readValue() }
        guard let values = value.arrayValue else { throw StoredFormError(what: what) }
        return values
    }
}

extension [ContentBlock] {
    fileprivate func lastCall(_ id: String) -> ToolCall? {
        for case .toolCall(let call) in reversed() where call.id == id { return call }
        return nil
    }
}
