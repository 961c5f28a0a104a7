import JSON

/// The two streaming APIs: how each says what a reply does. All functions return server-sent events as text.
enum Dialect: Hashable, Sendable {
    case anthropic, openAI

    init?(path: String) {
        switch path.prefix(while: { $0 != "?" }) {
        case "/v1/messages": self = .anthropic
        case "/v1/chat/completions": self = .openAI
        default: return nil
        }
    }

    /// What comes before the first token.
    func opening(model: String, counts: PromptCache.Counts) -> String {
        switch self {
        case .anthropic:
            event(
                "message_start",
                [
                    "message": [
                        "id": "msg_fake", "type": "message", "role": "assistant", "model": .string(model),
                        "content": [],
                        "stop_reason": nil, "stop_sequence": nil,
                        "usage": [
                            "input_tokens": .int(counts.input), "cache_read_input_tokens": .int(counts.read),
                            "cache_creation_input_tokens": .int(counts.written), "output_tokens": 1,
                        ],
                    ]
                ])
        case .openAI: chunk(delta: ["role": "assistant", "content": ""])
        }
    }

    func textStart(index: Int) -> String {
        guard self == .anthropic else { return "" }
        return event(
            "content_block_start", ["index": .int(index), "content_block": ["type": "text", "text": ""]])
            + (index == 0 ? event("ping", [:]) : "")
    }

    /// Written out, members in the providers' own order: benchmarks shall read what the providers send.
    func text(_ text: String) -> String {
        let text = JSONValue.string(text).jsonText
        return switch self {
        case .anthropic:
            """
            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":\(text)}}


            """
        case .openAI:
            """
            data: {"id":"chatcmpl-fake","object":"chat.completion.chunk","created":1700000000,"model":"fake",\
            "choices":[{"index":0,"delta":{"content":\(text)},"finish_reason":null}]}


            """
        }
    }

    func toolStart(index: Int, id: String, name: String) -> String {
        switch self {
        case .anthropic:
            event(
                "content_block_start",
                [
                    "index": .int(index),
                    "content_block": ["type": "tool_use", "id": .string(id), "name": .string(name), "input": [:]],
                ]) + toolInput("", index: index)
        case .openAI:
            toolCall([
                "index": 0, "id": .string(id), "type": "function",
                "function": ["name": .string(name), "arguments": ""],
            ])
        }
    }

    func toolInput(_ piece: String, index: Int) -> String {
        switch self {
        case .anthropic:
            event(
                "content_block_delta",
                ["index": .int(index), "delta": ["type": "input_json_delta", "partial_json": .string(piece)]])
        case .openAI: toolCall(["index": 0, "function": ["arguments": .string(piece)]])
        }
    }

    func blockStop(index: Int) -> String {
        self == .anthropic ? event("content_block_stop", ["index": .int(index)]) : ""
    }

    /// The stop reason of a reply that calls tools.
    var toolStop: String { self == .anthropic ? "tool_use" : "tool_calls" }

    /// What comes after the last token.
    ///
    /// - Parameter stopReason: nil: that of a reply that is finished.
    func closing(stopReason: String?, counts: PromptCache.Counts, outputTokens: Int, includesUsage: Bool) -> String {
        switch self {
        case .anthropic:
            return event(
                "message_delta",
                [
                    "delta": ["stop_reason": .string(stopReason ?? "end_turn"), "stop_sequence": nil],
                    "usage": ["output_tokens": .int(outputTokens)],
                ]) + event("message_stop", [:])
        case .openAI:
            let usage: JSONValue = [
                "prompt_tokens": .int(counts.input), "completion_tokens": .int(outputTokens),
                "total_tokens": .int(counts.input + outputTokens),
            ]
            return chunk(delta: [:], finishReason: .string(stopReason ?? "stop"))
                + (includesUsage ? data(chunkObject(choices: [], usage: usage)) : "") + "data: [DONE]\n\n"
        }
    }

    /// An error in a stream whose response had begun well.
    var errorEvent: String {
        switch self {
        case .anthropic: event("error", ["error": ["type": "overloaded_error", "message": "Overloaded"]])
        case .openAI:
            data([
                "error": [
                    "message": "The server had an error while processing your request.", "type": "server_error",
                    "param": nil, "code": nil,
                ]
            ])
        }
    }

    /// The body of an error response.
    func errorBody(status: Int, message: String) -> String {
        let types = [
            400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
            413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error",
        ]
        let type = JSONValue.string(types[status] ?? "api_error")
        let error: JSONValue =
            switch self {
            case .anthropic:
                [
                    "type": "error", "error": ["type": type, "message": .string(message)], "request_id": "req_fake",
                ]
            case .openAI: ["error": ["message": .string(message), "type": type, "param": nil, "code": nil]]
            }
        return error.jsonText
    }

    private func toolCall(_ call: JSONValue) -> String {
        chunk(delta: ["tool_calls": [call]])
    }

    private func event(_ type: String, _ members: [String: JSONValue]) -> String {
        let object = members.merging(["type": .string(type)]) { own, _ in own }
        return "event: \(type)\n" + data(.object(object))
    }

    private func chunk(delta: JSONValue, finishReason: JSONValue = nil) -> String {
        data(chunkObject(choices: [["index": 0, "delta": delta, "finish_reason": finishReason]]))
    }

    private func chunkObject(choices: JSONValue, usage: JSONValue = nil) -> JSONValue {
        var object: [String: JSONValue] = [
            "id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "fake",
            "choices": choices,
        ]
        if !usage.isNull { object["usage"] = usage }
        return .object(object)
    }

    private func data(_ object: JSONValue) -> String {
        "data: \(object.jsonText)\n\n"
    }
}
