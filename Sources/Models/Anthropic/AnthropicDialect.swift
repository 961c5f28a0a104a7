import Conversation
import JSON

/// The events of Anthropic's Messages API, version 2023-06-01 (platform.claude.com/docs, "Streaming messages").
package struct AnthropicDialect: EventStreamDialect {
    private let requestID: String?
    private let text: UpstreamText
    private var blocks: [AnthropicBlock] = []
    private var nextIndex = 0
    private var usage = Usage()
    private var stopReason: StopReason?
    private var excess: StreamExcess?
    package private(set) var hasEnded = false
    package let isEnding = false

    /// - Parameter requestID: the response's `request-id` header.
    package init(requestID: String? = nil, text: UpstreamText = UpstreamText()) {
        self.requestID = requestID
        self.text = text
    }

    package mutating func receive(_ event: ServerSentEvent, into batch: inout ModelEventBatch) {
        do throws(JSONError) {
            try read(event.data, into: &batch)
            if let excess { fail(excess.error(requestID: requestID), into: &batch) }
        } catch {
            let excerpt = text.excerpt(of: event.data)
            fail(
                .malformed(
                    "The provider sent an event that cannot be read (\(error.reason)): \(excerpt)", requestID: requestID
                ),
                into: &batch)
        }
    }

    package mutating func finish(into batch: inout ModelEventBatch) {
        fail(.truncated(requestID: requestID), into: &batch)
    }

    package mutating func fail(_ error: ModelError, into batch: inout ModelEventBatch) {
        guard !hasEnded else { return }
        hasEnded = true
        var error = error
        error.requestID = error.requestID ?? requestID
        batch.events.append(.failed(error))
    }

    // MARK: - Events

    private enum EventType {
        case messageStart, blockStart, blockDelta, blockStop, messageDelta, messageStop, error
        /// `ping`, and what the API may add: it asks clients to pass over unknown events.
        case other
    }

    private mutating func read(_ data: UnsafeRawBufferPointer, into batch: inout ModelEventBatch) throws(JSONError) {
        var json = JSONScanner(data, repairsUTF8: true)
        var type: EventType?
        var index: Int?
        // Members that come before what is needed to read them are looked at again at the end.
        var payload: JSONScanner?
        var usage: JSONScanner?
        var members = try json.beginObject()
        while let key = try json.nextKey(in: &members) {
            if key == "type" {
                type = Self.eventType(try json.readStringInPlace())
            } else if key == "index" {
                index = try json.readInt()
            } else if key == "delta", type == .blockDelta, let index {
                try readDelta(&json, of: index, into: &batch)
            } else if key == "delta" || key == "content_block" || key == "message" {
                payload = json
                try json.skipValue()
            } else if key == "usage" {
                usage = json
                try json.skipValue()
            } else {
                try json.skipValue()
            }
        }
        try json.finish()

        switch type {
        case .messageStart: if var payload { try readMessage(&payload, into: &batch) }
        case .blockStart: if var payload, let index { try startBlock(&payload, index, into: &batch) }
        case .blockDelta: if var payload, let index { try readDelta(&payload, of: index, into: &batch) }
        case .blockStop: if let index { stopBlock(index, into: &batch) }
        case .messageDelta:
            if var payload { try readStopReason(&payload) }
            if var usage { try readUsage(&usage, into: &batch) }
        case .messageStop:
            while let block = blocks.first { stopBlock(block.providerIndex, into: &batch) }
            hasEnded = true
            batch.events.append(.stopped(stopReason ?? StopReason(.other, word: "")))
        case .error:
            // The whole event: its `request_id` stands beside the error.
            var whole = JSONScanner(data, repairsUTF8: true)
            let reported =
                UpstreamError(try whole.readValue()) ?? UpstreamError(message: "The provider reported an error.")
            fail(reported.modelError(requestID: requestID, text: text), into: &batch)
        case .other, nil: break
        }
    }

    private static func eventType(_ name: JSONKey) -> EventType {
        if name == "content_block_delta" { return .blockDelta }
        if name == "content_block_start" { return .blockStart }
        if name == "content_block_stop" { return .blockStop }
        if name == "message_start" { return .messageStart }
        if name == "message_delta" { return .messageDelta }
        if name == "message_stop" { return .messageStop }
        if name == "error" { return .error }
        return .other
    }

    private mutating func readMessage(
        _ json: inout JSONScanner, into batch: inout ModelEventBatch
    ) throws(JSONError) {
        var model: String?
        var usage: JSONScanner?
        var members = try json.beginObject()
        while let key = try json.nextKey(in: &members) {
            if key == "model" {
                model = try json.readStringIfPresent()
            } else {
                if key == "usage" { usage = json }
                try json.skipValue()
            }
        }
        batch.events.append(.started(model: model, requestID: requestID))
        if var usage { try readUsage(&usage, into: &batch) }
    }

    /// The counts of `message_delta` are cumulative: each that is there replaces the one before.
    private mutating func readUsage(_ json: inout JSONScanner, into batch: inout ModelEventBatch) throws(JSONError) {
        guard try json.peekKind() == .object else { return }
        var members = try json.beginObject()
        while let key = try json.nextKey(in: &members) {
            if key == "input_tokens" {
                usage.inputTokens = try json.readTokenCount() ?? usage.inputTokens
            } else if key == "output_tokens" {
                usage.outputTokens = try json.readTokenCount() ?? usage.outputTokens
            } else if key == "cache_read_input_tokens" {
                usage.cacheReadTokens = try json.readTokenCount() ?? usage.cacheReadTokens
            } else if key == "cache_creation_input_tokens" {
                usage.cacheWriteTokens = try json.readTokenCount() ?? usage.cacheWriteTokens
            } else {
                try json.skipValue()
            }
        }
        batch.events.append(.usage(usage))
    }

    private mutating func readStopReason(_ json: inout JSONScanner) throws(JSONError) {
        var members = try json.beginObject()
        while let key = try json.nextKey(in: &members) {
            if key == "stop_reason" {
                if let word = try json.readStringIfPresent() { stopReason = Self.stopReason(text.clean(word)) }
            } else {
                try json.skipValue()
            }
        }
    }

    static func stopReason(_ fullWord: String) -> StopReason {
        let word = fullWord.firstScalars(StopReason.wordLimitScalars)
        let meaning: StopReason.Meaning =
            switch word {
            case "end_turn": .endTurn
            case "max_tokens": .maxTokens
            case "stop_sequence": .stopSequence
            case "tool_use": .toolUse
            case "pause_turn": .pauseTurn
            case "refusal": .refusal
            case "model_context_window_exceeded": .contextExceeded
            default: .other
            }
        return StopReason(meaning, word: word)
    }

    // MARK: - Blocks

    private mutating func startBlock(
        _ json: inout JSONScanner, _ providerIndex: Int, into batch: inout ModelEventBatch
    ) throws(JSONError) {
        guard nextIndex < StreamExcess.blockLimit else {
            excess = .blocks
            return
        }
        guard let members = try json.readValue().objectValue else { return }
        let block = AnthropicBlock(providerIndex: providerIndex, index: nextIndex, members: members)
        nextIndex += 1
        excess = excess ?? block.excess
        block.appendStart(to: &batch)
        blocks.append(block)
    }

    private mutating func readDelta(
        _ json: inout JSONScanner, of providerIndex: Int, into batch: inout ModelEventBatch
    ) throws(JSONError) {
        guard let place = blocks.lastIndex(where: { $0.providerIndex == providerIndex }) else {
            // Text without a block would be lost: better said than dropped.
            throw JSONError(reason: "a delta of block \(providerIndex), which is not open", offset: json.offset)
        }
        try blocks[place].readDelta(&json, into: &batch)
        excess = excess ?? blocks[place].excess
    }

    private mutating func stopBlock(_ providerIndex: Int, into batch: inout ModelEventBatch) {
        guard let place = blocks.lastIndex(where: { $0.providerIndex == providerIndex }) else { return }
        blocks[place].appendEnd(to: &batch)
        blocks.remove(at: place)
    }
}
