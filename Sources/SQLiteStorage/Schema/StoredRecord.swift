import Conversation
import JSON

/// A reply's record as JSON text, in the protocol's names.
enum StoredRecord {
    static func text(_ record: ReplyRecord) -> String {
        var text: [UInt8] = [UInt8(ascii: "{")]
        if let timing = record.timing {
            write("ttft_ms", timing.timeToFirstToken?.wholeMilliseconds, &text)
            write("duration_ms", timing.duration.wholeMilliseconds, &text)
            if let speed = timing.tokensPerSecond { write("tokens_per_second", .double(speed), &text) }
        }
        if let error = record.error {
            begin("error", &text)
            write("code", .string(error.code.rawValue), &text)
            write("message", .string(error.message), &text)
            write("retryable", .bool(error.retryable), &text)
            write("retry_after_ms", error.retryAfter?.wholeMilliseconds, &text)
            write("upstream_status", error.upstreamStatus, &text)
            if let id = error.upstreamRequestID { write("upstream_request_id", .string(id), &text) }
            text.append(UInt8(ascii: "}"))
        }
        if let context = record.context {
            begin("context", &text)
            write("policy", .string(context.policy), &text)
            write("sent_messages", context.sentMessages, &text)
            write("dropped_messages", context.droppedMessages, &text)
            write("summarised_messages", context.summarisedMessages, &text)
            write("recalled_messages", context.recalledMessages, &text)
            write("estimated_tokens", context.estimatedTokens, &text)
            write("budget_tokens", context.budgetTokens, &text)
            text.append(UInt8(ascii: "}"))
        }
        text.append(UInt8(ascii: "}"))
        return String(decoding: text, as: UTF8.self)
    }

    static func record(_ text: String) throws(StoredFormError) -> ReplyRecord {
        try StoredFormError.reading(text, "record") { scanner throws(JSONError) in try record(&scanner) }
    }

    // MARK: Writing

    private static func name(_ name: StaticString, _ text: inout [UInt8]) {
        if text.last != UInt8(ascii: "{") { text.append(UInt8(ascii: ",")) }
        text.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { text.append(contentsOf: $0) }
        text.append(contentsOf: [UInt8(ascii: "\""), UInt8(ascii: ":")])
    }

    private static func begin(_ name: StaticString, _ text: inout [UInt8]) {
        self.name(name, &text)
        text.append(UInt8(ascii: "{"))
    }

    private static func write(_ name: StaticString, _ number: Int?, _ text: inout [UInt8]) {
        guard let number else { return }
        self.name(name, &text)
        text.append(contentsOf: String(number).utf8)
    }

    private static func write(_ name: StaticString, _ value: JSONValue, _ text: inout [UInt8]) {
        self.name(name, &text)
        value.write(to: &text)
    }

    // MARK: Reading

    // With the scanner: a session of 50,000 messages is read with as many of these.
    private static func record(_ scanner: inout JSONScanner) throws(JSONError) -> ReplyRecord? {
        var (first, duration): (Int?, Int?) = (nil, nil)
        var speed: Double?
        var error: TurnError?
        var context: ContextFigures?
        var walk = try scanner.beginObject()
        while let key = try scanner.nextKey(in: &walk) {
            if key == "ttft_ms" {
                first = try scanner.readInt()
            } else if key == "duration_ms" {
                duration = try scanner.readInt()
            } else if key == "tokens_per_second" {
                speed = try scanner.readValue().doubleValue
            } else if key == "error" {
                error = try readError(&scanner)
            } else if key == "context" {
                context = try readContext(&scanner)
            } else {
                try scanner.skipValue()
            }
        }
        let timing = duration.map {
            TurnTiming(
                timeToFirstToken: first.map { .milliseconds($0) }, duration: .milliseconds($0), tokensPerSecond: speed)
        }
        return ReplyRecord(timing: timing, error: error, context: context)
    }

    /// nil where a later version of the program wrote a code that this one does not know.
    private static func readError(_ scanner: inout JSONScanner) throws(JSONError) -> TurnError? {
        let value = try scanner.readValue()
        guard let code = value["code"]?.stringValue.flatMap(ErrorCode.init) else { return nil }
        return TurnError(
            code, message: value["message"]?.stringValue ?? "", retryable: value["retryable"]?.boolValue ?? false,
            retryAfter: value["retry_after_ms"]?.intValue.map { .milliseconds($0) },
            upstreamStatus: value["upstream_status"]?.intValue,
            upstreamRequestID: value["upstream_request_id"]?.stringValue)
    }

    private static func readContext(_ scanner: inout JSONScanner) throws(JSONError) -> ContextFigures {
        var context = ContextFigures(policy: "", sentMessages: 0, estimatedTokens: 0)
        var walk = try scanner.beginObject()
        while let key = try scanner.nextKey(in: &walk) {
            if key == "policy" {
                context.policy = try scanner.readString()
            } else if key == "sent_messages" {
                context.sentMessages = try scanner.readInt() ?? 0
            } else if key == "dropped_messages" {
                context.droppedMessages = try scanner.readInt() ?? 0
            } else if key == "summarised_messages" {
                context.summarisedMessages = try scanner.readInt() ?? 0
            } else if key == "recalled_messages" {
                context.recalledMessages = try scanner.readInt() ?? 0
            } else if key == "estimated_tokens" {
                context.estimatedTokens = try scanner.readInt() ?? 0
            } else if key == "budget_tokens" {
                context.budgetTokens = try scanner.readInt()
            } else {
                try scanner.skipValue()
            }
        }
        return context
    }
}
