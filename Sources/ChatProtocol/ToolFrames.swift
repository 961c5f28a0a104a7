package import Conversation
package import JSON

/// `tool.result`: what came of a tool that the client ran.
package struct ToolAnswer: Hashable, Sendable {
    package var call: String
    package var output: String
    package var isError: Bool

    package init(call: String, output: String, isError: Bool = false) {
        self.call = call
        self.output = output
        self.isError = isError
    }
}

/// `tool.approve`: whether a tool call may run.
package struct ToolDecision: Hashable, Sendable {
    package enum Decision: String, Hashable, Sendable, CaseIterable { case allow, deny }

    package var call: String
    package var decision: Decision
    /// What is to run instead of the model's own input; only with `allow`.
    package var input: JSONValue?
    /// Why not, for the model.
    package var reason: String?

    package init(call: String, decision: Decision, input: JSONValue? = nil, reason: String? = nil) {
        self.call = call
        self.decision = decision
        self.input = input
        self.reason = reason
    }
}

/// A tool call that waits for a person's word.
package struct ToolApproval: Hashable, Sendable {
    package var call: ToolCall
    /// Milliseconds since 1970: without a word until then, it is a no.
    package var expiresAt: Int64

    package init(call: ToolCall, expiresAt: Int64) {
        self.call = call
        self.expiresAt = expiresAt
    }
}

extension ClientCommand.Open {
    /// - Throws: `bad_field` for a tool that is none.
    static func clientTools(_ fields: FieldReader) throws(CommandError) -> [ToolDescription] {
        guard let values = try fields.array("client_tools") else { return [] }
        guard values.count <= ProtocolLimits.clientTools else {
            throw bad("has \(values.count) entries, the most is \(ProtocolLimits.clientTools)")
        }
        var tools: [ToolDescription] = []
        var bytes = 0
        for (index, value) in values.enumerated() {
            guard let name = value["name"]?.stringValue, Identifier.isValid(name) else {
                throw bad("[\(index)].name must be 1 to \(Identifier.maximumLength) characters from A-Z a-z 0-9 _ -")
            }
            guard !tools.contains(where: { $0.name == name }) else { throw bad("has \"\(name)\" twice") }
            guard let description = value["description"]?.stringValue,
                description.unicodeScalars.count <= ProtocolLimits.clientToolDescriptionScalars
            else {
                throw bad(
                    "[\(index)].description must be a string of at most \(ProtocolLimits.clientToolDescriptionScalars) Unicode scalars"
                )
            }
            guard let schema = value["input_schema"], schema["type"] == "object",
                schema.jsonText.utf8.count <= ProtocolLimits.clientToolSchemaBytes
            else {
                throw bad(
                    "[\(index)].input_schema must be a JSON Schema of type \"object\" of at most \(ProtocolLimits.clientToolSchemaBytes) bytes"
                )
            }
            bytes += name.utf8.count + description.utf8.count + schema.jsonText.utf8.count
            tools.append(ToolDescription(name: name, description: description, inputSchema: schema))
        }
        guard bytes <= ProtocolLimits.clientToolsBytes else {
            throw bad("fill \(bytes) bytes, the most is \(ProtocolLimits.clientToolsBytes)")
        }
        return tools
    }

    private static func bad(_ rule: String) -> CommandError {
        CommandError(.badField, "\"client_tools\"\(rule.hasPrefix("[") ? "" : " ")\(rule).", field: "client_tools")
    }
}

extension ToolAnswer {
    init(_ fields: FieldReader) throws(CommandError) {
        call = try fields.required("call", fields.id("call"))
        output = try fields.required("output", fields.string("output", scalars: nil))
        isError = try fields.boolean("is_error") ?? false
        let bytes = output.utf8.count
        guard bytes <= ProtocolLimits.toolOutputBytes else {
            throw CommandError(
                .badField, "\"output\" has \(bytes) bytes, the most is \(ProtocolLimits.toolOutputBytes).",
                field: "output")
        }
    }
}

extension ToolDecision {
    init(_ fields: FieldReader) throws(CommandError) {
        call = try fields.required("call", fields.id("call"))
        decision = try fields.required("decision", fields.choice("decision", Decision.self))
        reason = try fields.string("reason", scalars: ProtocolLimits.reasonScalars)
        input = fields.any("input")
        if let input {
            let bytes = input.jsonText.utf8.count
            guard case .object = input, bytes <= ProtocolLimits.toolInputBytes else {
                throw CommandError(
                    .badField, "\"input\" must be an object of at most \(ProtocolLimits.toolInputBytes) bytes.",
                    field: "input")
            }
        }
    }
}

extension FrameWriter {
    mutating func approval(_ approval: ToolApproval, now: Int64) {
        field("call", approval.call.id)
        field("name", approval.call.name)
        field("input", approval.call.input ?? .null)
        field("expires_at", Timestamp.text(approval.expiresAt))
        field("expires_in_ms", max(0, Int(approval.expiresAt - now)))
    }
}
