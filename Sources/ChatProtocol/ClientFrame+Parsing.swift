import Conversation
package import JSON
package import NIOCore

/// A client frame that was refused, with the command's id where it could be read.
package struct ClientFrameRefusal: Error, Hashable, Sendable {
    package var error: CommandError
    package var ref: String?
}

extension ClientFrame {
    /// Reads one text message from a client.
    ///
    /// - Throws: `bad_json`, `unknown_type` or `bad_field`, with the field's name and bound. The connection stays open.
    package init(parsing bytes: ByteBuffer) throws(ClientFrameRefusal) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes.readableBytesView)
        } catch {
            throw ClientFrameRefusal(
                error: CommandError(.badJSON, "The message is not JSON: \(error.reason) at byte \(error.offset).")
            )
        }
        guard case .object(let members) = value else {
            throw ClientFrameRefusal(error: CommandError(.badJSON, "The message is JSON, but not an object."))
        }
        try self.init(members: members)
    }

    /// Reads a frame from the members of its object, as HTTP puts it together from a path, a query and a body.
    ///
    /// - Throws: as `init(parsing:)`, without `bad_json`.
    package init(members: [String: JSONValue]) throws(ClientFrameRefusal) {
        try self.init(FieldReader(members))
    }

    private init(_ fields: FieldReader) throws(ClientFrameRefusal) {
        var ref: String?
        do throws(CommandError) {
            id = try fields.id("id")
            ref = id
            command = try ClientCommand(fields, id: id)
        } catch {
            throw ClientFrameRefusal(error: error, ref: ref)
        }
    }
}

extension ClientCommand {
    fileprivate init(_ fields: FieldReader, id: String?) throws(CommandError) {
        let type = try fields.required("type", fields.string("type", scalars: 64))
        switch type {
        case "open": self = .open(try Open(fields))
        case "send":
            try ClientCommand.demand(id, of: type)
            self = .send(try Send(fields))
        case "cancel": self = .cancel(Cancel(turn: try fields.id("turn"), send: try fields.id("send")))
        case "regenerate":
            try ClientCommand.demand(id, of: type)
            self = .regenerate(
                Regenerate(
                    message: try fields.id("message"), onBusy: try fields.choice("on_busy", OnBusy.self) ?? .interrupt))
        case "edit":
            try ClientCommand.demand(id, of: type)
            self = .edit(try Edit(fields))
        case "select": self = .select(try fields.required("message", fields.id("message")))
        // The settings are members of the frame itself; none of them is called `type` or `id`.
        case "configure": self = .configure(try SettingsChange(fields))
        case "history": self = .history(try History(fields))
        case "stats": self = .stats
        case "clear": self = .clear
        case "delete": self = .delete
        case "tool.result": self = .toolResult(try ToolAnswer(fields))
        case "tool.approve": self = .toolApprove(try ToolDecision(fields))
        case "ping": self = .ping(fields.echo("t"))
        default:
            throw CommandError(.unknownType, "There is no command of type \"\(type)\".", field: "type")
        }
    }

    /// The commands that change something are idempotent by their id, so they must have one.
    private static func demand(_ id: String?, of type: String) throws(CommandError) {
        if id == nil {
            throw CommandError(
                .badField, "\"id\" is required for \"\(type)\": it makes the command safe to repeat.", field: "id")
        }
    }
}

extension ClientCommand.Open {
    fileprivate init(_ fields: FieldReader) throws(CommandError) {
        session = try fields.id("session")
        epoch = try fields.id("epoch")
        // A sequence number stays below 2^53, so that every JSON library can hold it.
        after = try fields.integer("after", in: 0...(1 << 53 - 1))
        create = try fields.object("create").map { (nested) throws(CommandError) in try SettingsChange(nested) }
        clientTools = try Self.clientTools(fields)
        history =
            try fields.integer("history", in: 0...ProtocolLimits.historyMessages)
            ?? ProtocolLimits.historyMessagesDefault
    }
}

extension ClientCommand.Send {
    fileprivate init(_ fields: FieldReader) throws(CommandError) {
        text = try fields.messageText()
        onBusy = try fields.choice("on_busy", OnBusy.self) ?? .queue
        options =
            try fields.object("options").map { (nested) throws(CommandError) in
                try SettingsChange(options: nested)
            } ?? SettingsChange()
    }
}

extension ClientCommand.Edit {
    fileprivate init(_ fields: FieldReader) throws(CommandError) {
        message = try fields.required("message", fields.id("message"))
        text = try fields.messageText()
        onBusy = try fields.choice("on_busy", OnBusy.self) ?? .interrupt
    }
}

extension ClientCommand.History {
    fileprivate init(_ fields: FieldReader) throws(CommandError) {
        before = try fields.required("before", fields.id("before"))
        limit =
            try fields.integer("limit", in: 1...ProtocolLimits.historyMessages)
            ?? ProtocolLimits.historyMessagesDefault
    }
}

extension FieldReader {
    /// What a user says, within the bounds of a message: `text`, or the text blocks of `content`.
    fileprivate func messageText() throws(CommandError) -> String {
        var text = try string("text", scalars: nil)
        var field = "text"
        if text == nil, let blocks = try array("content") {
            field = "content"
            var parts: [String] = []
            for (index, block) in blocks.enumerated() {
                guard block["kind"]?.stringValue == "text", let part = block["text"]?.stringValue else {
                    throw CommandError(
                        .badField, "content[\(index)] is not a block {\"kind\":\"text\",\"text\":…}.", field: "content")
                }
                parts.append(part)
            }
            text = parts.joined(separator: "\n")
        }
        guard let text else {
            throw CommandError(.badField, "\"text\" is required.", field: "text")
        }
        guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
            throw CommandError(.badField, "\"\(field)\" says nothing: it is empty or only white space.", field: field)
        }
        let scalars = text.unicodeScalars.count
        guard scalars <= ProtocolLimits.messageScalars else {
            throw CommandError(
                .messageTooLong,
                "\"\(field)\" has \(scalars) Unicode scalars; a message has at most \(ProtocolLimits.messageScalars).",
                field: field)
        }
        var escaped = ByteBuffer()
        escaped.writeJSONString(text)
        guard escaped.readableBytes <= ProtocolLimits.messageBytes else {
            throw CommandError(
                .messageTooLong,
                "\"\(field)\" has \(escaped.readableBytes) bytes as a JSON string; a message has at most \(ProtocolLimits.messageBytes).",
                field: field)
        }
        return text
    }
}

extension SettingsChange {
    /// The shapes only: bounds are the settings' own (`SessionSettings.validate`), and are checked where they are applied.
    fileprivate init(_ fields: FieldReader) throws(CommandError) {
        try self.init(options: fields)
        title = try fields.string("title", scalars: nil)
        system = try fields.string("system", scalars: nil)
        tools = try fields.names("tools")
        if let context = try fields.object("context") {
            policy = try context.string("policy", scalars: nil)
            turns = try context.integer("turns", in: SettingsBounds.turns)
            budgetTokens = try context.integer("budget_tokens", in: SettingsBounds.budgetTokens)
            minimumTurns = try context.integer("min_turns", in: SettingsBounds.minimumTurns)
            recall = try context.integer("recall", in: SettingsBounds.recall)
            clearToolResultsAfter = try context.integer(
                "clear_tool_results_after", in: SettingsBounds.clearToolResultsAfter)
        }
    }

    /// The settings that one `send` may have for itself.
    fileprivate init(options fields: FieldReader) throws(CommandError) {
        self.init(
            model: try fields.string("model", scalars: SettingsBounds.modelScalars.upperBound),
            temperature: try fields.number("temperature", in: SettingsBounds.temperature),
            maxTokens: try fields.integer("max_tokens", in: SettingsBounds.maxTokens))
    }
}
