import Conversation
import JSON

/// The chunks of OpenAI's Chat Completions API (platform.openai.com/docs/api-reference/chat-streaming), as OpenAI and the
/// servers that follow it send them.
package struct OpenAIDialect: EventStreamDialect {
    private let requestID: String?
    private let text: UpstreamText
    private var hasStarted = false
    private var prose: Prose?
    private var calls: OpenAIToolCalls
    private var nextIndex = 0
    private var hasRefused = false
    private var stopReason: StopReason?
    private var excess: StreamExcess?
    package private(set) var hasEnded = false

    /// - Parameters:
    ///   - requestID: the response's `x-request-id` header.
    ///   - callIDSeed: makes the ids of tool calls, where the server gives none, unique across calls.
    package init(
        requestID: String? = nil, text: UpstreamText = UpstreamText(), callIDSeed: UInt64 = .random(in: .min ... .max)
    ) {
        self.requestID = requestID
        self.text = text
        self.calls = OpenAIToolCalls(seed: callIDSeed)
    }

    /// A block of text or thinking that is open.
    private struct Prose {
        var kind: BlockKind
        var index: Int
    }

    /// After the finish reason, only the usage and `[DONE]` may come, and not every server sends them.
    package var isEnding: Bool { stopReason != nil && !hasEnded }

    package mutating func receive(_ event: ServerSentEvent, into batch: inout ModelEventBatch) {
        if event.data.first == UInt8(ascii: "["), event.data.elementsEqual("[DONE]".utf8) {
            return finish(into: &batch)
        }
        do throws(JSONError) {
            try readChunk(event.data, into: &batch)
            if let excess { fail(excess.error(requestID: requestID), into: &batch) }
        } catch {
            let excerpt = text.excerpt(of: event.data)
            fail(
                .malformed(
                    "The provider sent an event that cannot be read (\(error.reason)): \(excerpt)",
                    requestID: requestID),
                into: &batch)
        }
    }

    package mutating func finish(into batch: inout ModelEventBatch) {
        guard !hasEnded else { return }
        guard var stopReason else { return fail(.truncated(requestID: requestID), into: &batch) }
        if let failure = Self.failure(stopReason.word) { return fail(failure, into: &batch) }
        closeBlocks(into: &batch)
        // Some servers say `stop` when they have called a tool; and a refusal has no finish reason of its own.
        if stopReason.meaning == .endTurn {
            if hasRefused { stopReason.meaning = .refusal } else if !calls.isEmpty { stopReason.meaning = .toolUse }
        }
        hasEnded = true
        batch.events.append(.stopped(stopReason))
    }

    package mutating func fail(_ error: ModelError, into batch: inout ModelEventBatch) {
        guard !hasEnded else { return }
        hasEnded = true
        var error = error
        error.requestID = error.requestID ?? requestID
        batch.events.append(.failed(error))
    }

    // MARK: - Chunks

    private mutating func readChunk(
        _ data: UnsafeRawBufferPointer, into batch: inout ModelEventBatch
    ) throws(JSONError) {
        var json = JSONScanner(data, repairsUTF8: true)
        var model: String?
        var choices: JSONScanner?
        var usage: JSONScanner?
        var error: JSONScanner?
        var hasChoice = false
        var members = try json.beginObject()
        while let key = try json.nextKey(in: &members) {
            if key == "choices", hasStarted {
                hasChoice = try readChoices(&json, into: &batch)
            } else if key == "model", !hasStarted {
                model = try json.readStringIfPresent()
            } else {
                if key == "choices" { choices = json }
                if key == "usage" { usage = json }
                if key == "error" { error = json }
                try json.skipValue()
            }
        }
        try json.finish()

        if let error, try isValue(error) {
            // The whole chunk, for the shapes in which servers put their errors.
            var whole = JSONScanner(data, repairsUTF8: true)
            let reported =
                UpstreamError(try whole.readValue()) ?? UpstreamError(message: "The provider reported an error.")
            return fail(reported.modelError(requestID: requestID, text: text), into: &batch)
        }
        if !hasStarted, choices != nil || usage != nil {
            hasStarted = true
            batch.events.append(.started(model: model, requestID: requestID))
        }
        if var choices { hasChoice = try readChoices(&choices, into: &batch) }
        if var usage, try isValue(usage), let usage = try Usage(openAI: &usage) {
            batch.events.append(.usage(usage))
            // The chunk that `include_usage` asks for has no choices, and is the last.
            if !hasChoice, isEnding { finish(into: &batch) }
        }
    }

    private func isValue(_ json: JSONScanner) throws(JSONError) -> Bool {
        var json = json
        return try json.peekKind() != .null
    }

    /// Says whether there was a choice. We ask for one reply, so others are passed over.
    private mutating func readChoices(
        _ json: inout JSONScanner, into batch: inout ModelEventBatch
    ) throws(JSONError) -> Bool {
        guard try json.peekKind() == .array else {
            try json.skipValue()
            return false
        }
        var count = 0
        var walk = try json.beginArray()
        while try json.nextElement(in: &walk) {
            if count == 0 { try readChoice(&json, into: &batch) } else { try json.skipValue() }
            count += 1
        }
        return count > 0
    }

    private mutating func readChoice(_ json: inout JSONScanner, into batch: inout ModelEventBatch) throws(JSONError) {
        var finishReason: String?
        var members = try json.beginObject()
        while let key = try json.nextKey(in: &members) {
            if key == "delta" {
                try readDelta(&json, into: &batch)
            } else if key == "finish_reason" {
                finishReason = try json.readStringIfPresent()
            } else {
                try json.skipValue()
            }
        }
        if let finishReason, !finishReason.isEmpty {
            stopReason = Self.stopReason(text.clean(finishReason))
            closeBlocks(into: &batch)
        }
    }

    static func stopReason(_ fullWord: String) -> StopReason {
        let word = fullWord.firstScalars(StopReason.wordLimitScalars)
        let meaning: StopReason.Meaning =
            switch word {
            case "stop": .endTurn
            case "length": .maxTokens
            // Mistral's word for a full context window.
            case "model_length": .contextExceeded
            case "tool_calls", "function_call": .toolUse
            case "content_filter": .contentFilter
            default: .other
            }
        return StopReason(meaning, word: word)
    }

    /// Finish reasons that say that the server broke off, and that this is no end of a reply.
    private static func failure(_ word: String) -> ModelError? {
        switch word {
        // DeepSeek: "the request is interrupted due to insufficient resource of the inference system".
        case "insufficient_system_resource":
            ModelError(.overloaded, message: "The provider ran out of resources in the middle.", retryable: true)
        // OpenRouter and Mistral; vLLM.
        case "error", "abort":
            ModelError(.truncated, message: "The provider broke its reply off (\(word)).", retryable: true)
        default: nil
        }
    }

    // MARK: - Deltas

    private mutating func readDelta(_ json: inout JSONScanner, into batch: inout ModelEventBatch) throws(JSONError) {
        guard try json.peekKind() == .object else { return try json.skipValue() }
        var hasReasoning = false
        var members = try json.beginObject()
        while let key = try json.nextKey(in: &members) {
            if key == "content" {
                _ = try readProse(.text, &json, into: &batch)
            } else if key == "tool_calls" {
                try readToolCalls(&json, into: &batch)
            } else if key == "reasoning_content" || key == "reasoning" {
                // DeepSeek's name and OpenRouter's; a server that sends both means the same text.
                if hasReasoning {
                    try json.skipValue()
                } else {
                    hasReasoning = try readProse(.thinking, &json, into: &batch)
                }
            } else if key == "refusal" {
                if try readProse(.text, &json, into: &batch) { hasRefused = true }
            } else if key == "function_call" {
                // What tool calls were before November 2023: one, without index and id.
                if try json.peekKind() == .object {
                    closeProse(into: &batch)
                    try calls.readFunction(&json, nextIndex: &nextIndex, into: &batch)
                } else {
                    try json.skipValue()
                }
            } else {
                try json.skipValue()
            }
        }
    }

    /// Reads a piece of text or thinking, if there is one; says so.
    private mutating func readProse(
        _ kind: BlockKind, _ json: inout JSONScanner, into batch: inout ModelEventBatch
    ) throws(JSONError) -> Bool {
        guard try json.peekKind() == .string else {
            try json.skipValue()
            return false
        }
        let start = batch.text.count
        try json.readString(into: &batch.text)
        guard batch.text.count > start else { return false }
        if prose?.kind != kind {
            guard hasRoom else {
                excess = .blocks
                return false
            }
            closeProse(into: &batch)
            prose = Prose(kind: kind, index: nextIndex)
            batch.events.append(.blockStarted(index: nextIndex, kind))
            nextIndex += 1
        }
        batch.events.append(.delta(index: prose?.index ?? 0, text: start..<batch.text.count))
        return true
    }

    private mutating func readToolCalls(
        _ json: inout JSONScanner, into batch: inout ModelEventBatch
    ) throws(JSONError) {
        guard try json.peekKind() == .array else { return try json.skipValue() }
        var walk = try json.beginArray()
        while try json.nextElement(in: &walk) {
            // Checked for each: one chunk can hold tens of thousands, and each is looked for among those before it.
            guard excess == nil else {
                try json.skipValue()
                continue
            }
            closeProse(into: &batch)
            try calls.readDelta(&json, nextIndex: &nextIndex, into: &batch)
            if nextIndex + calls.waitingCount > StreamExcess.blockLimit { excess = .blocks }
        }
    }

    /// Whether another block may start, the calls that wait for their names counted.
    private var hasRoom: Bool { nextIndex + calls.waitingCount < StreamExcess.blockLimit }

    private mutating func closeProse(into batch: inout ModelEventBatch) {
        guard let open = prose else { return }
        prose = nil
        batch.events.append(.blockDone(index: open.index))
    }

    private mutating func closeBlocks(into batch: inout ModelEventBatch) {
        closeProse(into: &batch)
        calls.close(nextIndex: &nextIndex, into: &batch)
    }
}
