import ChatProtocol
import Conversation
import JSON
import NIOCore
import Testing

@Suite struct ServerFrameTests {
    private func json(_ frame: ByteBuffer) throws -> JSONValue {
        try JSONValue(parsing: frame.readableBytesView)
    }

    private let context = ContextFigures(policy: "full", sentMessages: 1, estimatedTokens: 9)

    @Test func `a message with every kind of block`() throws {
        let message = Message(
            id: "a_1", parent: "u_1", role: .assistant,
            content: [
                .thinking(Thinking(text: "hm", signature: "secret")), .text("a \"quoted\" \u{1} line\n"),
                .toolCall(ToolCall(id: "c_1", name: "calculate", input: ["expression": "6*7"])),
                .toolResult(ToolResult(call: "c_1", output: "42", isError: false)),
                .opaque(provider: "anthropic", ["type": "redacted_thinking", "data": "x"]),
            ], createdAt: 0, turn: "t_1", partial: true, model: "m", usage: Usage(inputTokens: 1, outputTokens: 2),
            status: .cancelled,
            record: ReplyRecord(
                timing: TurnTiming(duration: .milliseconds(30)),
                error: TurnError(.upstreamStalled, message: "no", retryable: true), context: context))
        let frame = try json(LogEvent.message(message, siblings: ["a_0", "a_1"]).frame(seq: 7, ref: "m1"))
        #expect(
            frame == [
                "type": "message", "seq": 7, "ref": "m1",
                "message": [
                    "id": "a_1", "parent": "u_1", "siblings": ["a_0", "a_1"], "role": "assistant",
                    "content": [
                        ["kind": "thinking", "text": "hm"], ["kind": "text", "text": "a \"quoted\" \u{1} line\n"],
                        ["kind": "tool_call", "call": "c_1", "name": "calculate", "input": ["expression": "6*7"]],
                        ["kind": "tool_result", "call": "c_1", "output": "42", "is_error": false],
                        ["kind": "opaque", "provider": "anthropic", "type": "redacted_thinking"],
                    ],
                    "created_at": "1970-01-01T00:00:00.000Z", "turn": "t_1", "partial": true, "model": "m",
                    "usage": [
                        "input_tokens": 1, "output_tokens": 2, "cache_read_tokens": 0, "cache_write_tokens": 0,
                        "estimated": false,
                    ],
                    "status": "cancelled", "timing": ["duration_ms": 30],
                    "error": ["code": "upstream_stalled", "message": "no", "retryable": true],
                ],
            ])
    }

    @Test func `events carry what the protocol says`() throws {
        let started = LogEvent.turnStarted(turn: "t", parent: "u", message: "a", model: "m", context: context)
        #expect(
            try json(started.frame(seq: 1, ref: nil)) == [
                "type": "turn.started", "seq": 1, "turn": "t", "parent": "u", "message": "a", "model": "m",
                "context": [
                    "policy": "full", "sent_messages": 1, "dropped_messages": 0, "summarised_messages": 0,
                    "recalled_messages": 0, "estimated_tokens": 9,
                ],
            ])
        let block = LogEvent.blockStarted(turn: "t", index: 3, .toolCall(call: "c", name: "n"))
        #expect(
            try json(block.frame(seq: 2, ref: nil)) == [
                "type": "block.started", "seq": 2, "turn": "t", "index": 3, "kind": "tool_call", "call": "c",
                "name": "n",
            ])
        let done = LogEvent.blockDone(turn: "t", index: 3, partial: true, input: nil)
        #expect(
            try json(done.frame(seq: 3, ref: nil)) == [
                "type": "block.done", "seq": 3, "turn": "t", "index": 3, "partial": true,
            ])
        let tool = LogEvent.toolDone(
            turn: "t", result: ToolResult(call: "c", output: "o", isError: true), duration: .milliseconds(12))
        #expect(
            try json(tool.frame(seq: 4, ref: nil)) == [
                "type": "tool.done", "seq": 4, "turn": "t", "call": "c", "output": "o", "is_error": true,
                "duration_ms": 12,
            ])
        let head = LogEvent.head(message: "a_2", siblings: ["a_1": ["a_1", "a_2"], "a_2": ["a_1", "a_2"]])
        #expect(
            try json(head.frame(seq: 5, ref: "r", replay: true)) == [
                "type": "head", "seq": 5, "ref": "r", "replay": true, "message": "a_2",
                "siblings": ["a_1": ["a_1", "a_2"], "a_2": ["a_1", "a_2"]],
            ])
    }

    @Test func `what became of the session, with its settings`() throws {
        let settings = SessionSettings(
            title: "T", model: "m", temperature: 0.5, maxTokens: 10, tools: ["calculate"],
            context: SessionSettings.Context(turns: 3, recall: 5))
        let json: JSONValue = [
            "title": "T", "system": "", "model": "m", "temperature": 0.5, "max_tokens": 10, "tools": ["calculate"],
            "context": ["policy": "full", "turns": 3, "recall": 5],
        ]
        for (event, type) in [
            (LogEvent.sessionUpdated(settings), "session.updated"),
            (.sessionCleared(settings), "session.cleared"), (.sessionDeleted(settings), "session.deleted"),
        ] {
            let frame = try self.json(event.frame(seq: 9, ref: "c1"))
            #expect(frame == ["type": .string(type), "seq": 9, "ref": "c1", "settings": json])
        }
    }

    @Test func `a history has its messages as a snapshot has them`() throws {
        let said = Message(id: "u", parent: nil, role: .user, content: [.text("Hi")], createdAt: 0, turn: "t")
        let entries = [
            Snapshot.Entry(message: said, siblings: ["u", "v"], isCut: false),
            Snapshot.Entry(message: said, siblings: ["u"], isCut: true),
        ]
        let page = try json(Answer.history(HistoryPage(messages: entries, hasMore: true)).frame(ref: "h"))
        #expect(
            page == [
                "type": "history", "ref": "h",
                "messages": [
                    [
                        "id": "u", "parent": nil, "siblings": ["u", "v"], "role": "user",
                        "content": [["kind": "text", "text": "Hi"]], "created_at": "1970-01-01T00:00:00.000Z",
                        "turn": "t", "partial": false,
                    ],
                    [
                        "id": "u", "parent": nil, "siblings": ["u"], "role": "user",
                        "content": [["kind": "text", "text": "Hi"]], "created_at": "1970-01-01T00:00:00.000Z",
                        "turn": "t", "partial": false, "cut": true,
                    ],
                ],
                "more": true,
            ])
        let snapshot = Snapshot(messages: entries, live: nil, queued: [], seq: 3, hasMore: false)
        #expect(try json(Answer.snapshot(snapshot).frame(ref: nil))["messages"] == page["messages"])
        #expect(try json(Answer.snapshot(snapshot).frame(ref: nil))["context"] == nil)
        #expect(
            try json(Answer.history(HistoryPage(messages: [], hasMore: false)).frame(ref: nil))
                == ["type": "history", "messages": [], "more": false])
    }

    @Test func `a snapshot says what the newest turn was sent`() throws {
        let snapshot = Snapshot(
            messages: [], live: nil, context: Snapshot.Context(figures: context, parent: "u"), queued: [], seq: 3,
            hasMore: false)
        #expect(
            try json(Answer.snapshot(snapshot).frame(ref: nil))["context"] == [
                "policy": "full", "sent_messages": 1, "dropped_messages": 0, "summarised_messages": 0,
                "recalled_messages": 0, "estimated_tokens": 9, "parent": "u",
            ])
    }

    @Test func `a waiting turn is told its position`() throws {
        #expect(
            try json(Answer.queue(turn: "t_1", position: 3).frame(ref: nil)) == [
                "type": "queue", "turn": "t_1", "position": 3,
            ])
    }

    @Test func `stats count, and say since when`() throws {
        var stats = SessionStats(
            turnCount: 2, messageCount: 4, inputTokens: 10, outputTokens: 20, cacheReadTokens: 30, createdAt: 1000,
            age: .milliseconds(61_500), lastActiveAt: 62_000)
        #expect(
            try json(Answer.stats(stats).frame(ref: "s")) == [
                "type": "stats", "ref": "s", "turn_count": 2, "message_count": 4, "input_tokens": 10,
                "output_tokens": 20, "cache_read_tokens": 30, "created_at": "1970-01-01T00:00:01.000Z",
                "age_ms": 61_500, "last_active_at": "1970-01-01T00:01:02.000Z",
            ])
        stats.cost = 1_250_000
        #expect(try json(Answer.stats(stats).frame(ref: nil))["cost"] == 1.25)
        stats.age = .seconds(-5)
        #expect(try json(Answer.stats(stats).frame(ref: nil))["age_ms"] == 0)
    }

    @Test func `a delta's text is escaped`() throws {
        var buffer = ByteBuffer()
        var text = "\"\\\u{8}\n\u{1F}é\u{1F600}"
        text.withUTF8 {
            DeltaFrame.write(
                DeltaFrame.prefix(turn: "t_1", index: 12), seq: 1_234_567_890, text: UnsafeRawBufferPointer($0),
                into: &buffer)
        }
        #expect(
            try json(buffer) == [
                "type": "delta", "turn": "t_1", "index": 12, "seq": 1_234_567_890,
                "text": "\"\\\u{8}\n\u{1F}é\u{1F600}",
            ])
    }

    @Test func `an error names its field`() throws {
        let error = CommandError(.badField, "no", field: "text", retryable: false, retryAfter: .seconds(1.5))
        #expect(
            try json(error.frame(ref: "m1")) == [
                "type": "error", "code": "bad_field", "message": "no", "retryable": false, "retry_after_ms": 1500,
                "field": "text", "ref": "m1",
            ])
    }

    @Test(arguments: [0, 7, 10, 99, 100, 1_000_000, Int.max, -5])
    func `numbers are written in decimal`(number: Int) {
        var buffer = ByteBuffer()
        buffer.writeDecimal(number)
        #expect(String(buffer: buffer) == String(number))
    }

    @Test func `a batch keeps its frames apart`() {
        var batch = FrameBatch()
        batch.append(ByteBuffer(string: "{}"))
        var other = FrameBatch()
        other.append(ByteBuffer(string: "[1]"))
        other.append { $0.writeString("[2]") }
        batch.append(other)
        var frames: [String] = []
        batch.forEachFrame { frames.append(String(decoding: $0, as: UTF8.self)) }
        #expect(frames == ["{}", "[1]", "[2]"])
        batch.removeAll()
        #expect(batch.isEmpty && batch.byteCount == 0)
    }
}
