import Conversation
package import JSON

extension SessionTranscript {
    /// The session whole, in the protocol's shapes: every branch, each message with its parent.
    ///
    /// Blocks of unknown kinds are in it verbatim: an export is its owner's.
    package var json: JSONValue {
        [
            "id": .string(session.id),
            "created_at": .string(Timestamp.text(session.createdAt)),
            "last_active_at": .string(Timestamp.text(session.lastActiveAt)),
            "settings": session.settings.json,
            "head": .optional(session.head),
            "messages": .array(messages.map(Self.json)),
            "turns": .array(session.turns.map(Self.json)),
            "usage": Self.json(usage),
        ]
    }

    private static func json(_ message: Message) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(message.id), "parent": .optional(message.parent), "role": .string(message.role.rawValue),
            "content": .array(message.content.map(json)), "created_at": .string(Timestamp.text(message.createdAt)),
            "turn": .string(message.turn), "partial": .bool(message.partial),
        ]
        if let model = message.model { members["model"] = .string(model) }
        if let usage = message.usage { members["usage"] = json(usage) }
        if let status = message.status { members["status"] = .string(status.rawValue) }
        if let timing = message.record?.timing { members["timing"] = json(timing) }
        if let error = message.record?.error { members["error"] = json(error) }
        return .object(members)
    }

    private static func json(_ block: ContentBlock) -> JSONValue {
        switch block {
        case .text(let text): return ["kind": "text", "text": .string(text)]
        case .thinking(let thinking):
            var members: [String: JSONValue] = ["kind": "thinking", "text": .string(thinking.text)]
            if let signature = thinking.signature { members["signature"] = .string(signature) }
            return .object(members)
        case .toolCall(let call):
            return [
                "kind": "tool_call", "call": .string(call.id), "name": .string(call.name),
                "input": call.input ?? .null,
            ]
        case .toolResult(let result):
            return [
                "kind": "tool_result", "call": .string(result.call), "output": .string(result.output),
                "is_error": .bool(result.isError),
            ]
        case .opaque(let provider, let value):
            return ["kind": "opaque", "provider": .string(provider), "value": value]
        }
    }

    private static func json(_ turn: StoredTurn) -> JSONValue {
        [
            "id": .string(turn.accepted.id), "kind": .string(turn.accepted.kind.rawValue),
            "parent": .string(turn.accepted.parent), "message": .string(turn.accepted.reply),
            "state": .string(turn.state.rawValue), "settings": turn.accepted.settings.json,
        ]
    }

    private static func json(_ timing: TurnTiming) -> JSONValue {
        var members: [String: JSONValue] = ["duration_ms": .int(timing.duration.wholeMilliseconds)]
        if let first = timing.timeToFirstToken { members["ttft_ms"] = .int(first.wholeMilliseconds) }
        if let speed = timing.tokensPerSecond { members["tokens_per_second"] = .double((speed * 10).rounded() / 10) }
        return .object(members)
    }

    private static func json(_ error: TurnError) -> JSONValue {
        [
            "code": .string(error.code.rawValue), "message": .string(error.message),
            "retryable": .bool(error.retryable),
        ]
    }

    private static func json(_ usage: Usage) -> JSONValue {
        [
            "input_tokens": .int(usage.inputTokens), "output_tokens": .int(usage.outputTokens),
            "cache_read_tokens": .int(usage.cacheReadTokens), "cache_write_tokens": .int(usage.cacheWriteTokens),
            "estimated": .bool(usage.estimated),
        ]
    }
}

extension JSONValue {
    fileprivate static func optional(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }
}
