import Conversation
import JSON
import Models
import Testing

@Suite struct AnthropicDialectTests {
    private let model = "claude-sonnet-4-5-20250929"

    private func heard(_ name: String) throws -> [Heard] {
        replay([try fixture(name)[...]], anthropic()).heard
    }

    @Test func `the basic stream`() throws {
        #expect(
            try heard("anthropic-basic") == [
                .started(model: model), .usage(Usage(inputTokens: 25, outputTokens: 1)), .block(0, .text),
                .text(0, "Hello!"), .done(0), .usage(Usage(inputTokens: 25, outputTokens: 15)),
                .stopped(StopReason(.endTurn, word: "end_turn")),
            ])
    }

    @Test func `a tool call`() throws {
        #expect(
            try heard("anthropic-tool-use") == [
                .started(model: model), .usage(Usage(inputTokens: 472, outputTokens: 2)), .block(0, .text),
                .text(0, "Okay, let's check the weather for San Francisco, CA:"), .done(0),
                .block(1, .toolCall(id: "toolu_01T1x1fJ34qAmk2tNTrN7Up6", name: "get_weather")),
                .text(1, #"{"location": "San Francisco, CA", "unit": "fahrenheit"}"#), .done(1),
                .usage(Usage(inputTokens: 472, outputTokens: 89)), .stopped(StopReason(.toolUse, word: "tool_use")),
            ])
    }

    @Test func `thinking with its signature`() throws {
        let heard = try heard("anthropic-thinking")
        #expect(
            heard == [
                .started(model: model), .block(0, .thinking),
                .text(
                    0,
                    "Let me solve this step by step:\n\n1. First break down 27 * 453\n2. 453 = 400 + 50 + 3\n3. 27 * 400 = 10,800\n"
                        + "4. 27 * 50 = 1,350\n5. 27 * 3 = 81\n6. 10,800 + 1,350 + 81 = 12,231"),
                .signature(0, "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pkiMOYds..."), .done(0), .block(1, .text),
                .text(1, "27 * 453 = 12,231"), .done(1), .stopped(StopReason(.endTurn, word: "end_turn")),
            ])
    }

    @Test func `a server tool's blocks are kept whole`() throws {
        let heard = try heard("anthropic-web-search")
        #expect(
            heard[5]
                == .opaque(
                    1,
                    [
                        "type": "server_tool_use", "id": "srvtoolu_014hJH82Qum7Td6UV8gDXThB", "name": "web_search",
                        "input": ["query": "weather NYC today"],
                    ]))
        guard case .opaque(2, let result) = heard[6] else {
            Issue.record("no result")
            return
        }
        #expect(result["type"] == "web_search_tool_result")
        #expect(result["content"]?.arrayValue?[0]["encrypted_content"] == "Ev0DCioIAxgCIiQ3NmU4ZmI4OC1k...")
        #expect(result["content"]?.arrayValue?[0]["page_age"] == .null)
        #expect(heard[heard.count - 2] == .usage(Usage(inputTokens: 10682, outputTokens: 510)))
    }

    @Test func `an error after the stream has begun`() throws {
        let transcript = replay([try fixture("anthropic-overloaded")[...]], AnthropicDialect(requestID: "req_1"))
        #expect(transcript.heard.last == .failed(.overloaded))
        #expect(
            transcript.errors == [ModelError(.overloaded, message: "Overloaded", retryable: true, requestID: "req_1")])
    }

    @Test func `a refusal`() throws {
        #expect(try heard("anthropic-refusal").last == .stopped(StopReason(.refusal, word: "refusal")))
    }

    private func stream(_ events: String...) -> String {
        chunks(#"{"type":"message_start","message":{"model":"m"}}"#) + events.map { "data: \($0)\n\n" }.joined()
            + chunks(#"{"type":"message_stop"}"#)
    }

    @Test(arguments: [
        ("end_turn", StopReason.Meaning.endTurn), ("max_tokens", .maxTokens), ("stop_sequence", .stopSequence),
        ("tool_use", .toolUse), ("pause_turn", .pauseTurn), ("refusal", .refusal),
        ("model_context_window_exceeded", .contextExceeded), ("something_new", .other),
    ])
    func `every stop reason has its meaning`(word: String, meaning: StopReason.Meaning) {
        let text = stream(#"{"type":"message_delta","delta":{"stop_reason":"\#(word)"}}"#)
        #expect(events(text, anthropic()).last == .stopped(StopReason(meaning, word: word)))
    }

    @Test(arguments: [
        ("overloaded_error", ModelError.Code.overloaded, true), ("rate_limit_error", .rateLimited, true),
        ("api_error", .overloaded, true), ("invalid_request_error", .rejected, false),
        ("authentication_error", .auth, false),
        ("permission_error", .auth, false), ("request_too_large", .rejected, false),
        ("not_found_error", .rejected, false),
        ("timeout_error", .timeout, true), ("new_error", .overloaded, true),
    ])
    func `every error type has its code`(type: String, code: ModelError.Code, retryable: Bool) {
        let text = stream(#"{"type":"error","error":{"type":"\#(type)","message":"m"},"request_id":"req_9"}"#)
        let transcript = replay([Array(text.utf8)[...]], anthropic())
        #expect(transcript.errors == [ModelError(code, message: "m", retryable: retryable, requestID: "req_9")])
    }

    @Test func `members may come in any order`() {
        let text = stream(
            #"{"content_block":{"text":"","type":"text"},"index":0,"type":"content_block_start"}"#,
            #"{"delta":{"text":"a\u00e9","type":"text_delta"},"index":0,"type":"content_block_delta"}"#,
            #"{"delta":{"text":"b","type":"text_delta"},"type":"content_block_delta","index":0}"#,
            #"{"index":0,"type":"content_block_delta","delta":{"text":"c","type":"text_delta","new":[1]}}"#)
        #expect(events(text, anthropic()).dropFirst().first == .block(0, .text))
        #expect(events(text, anthropic())[2] == .text(0, "aébc"))
    }

    @Test func `interleaved blocks keep their deltas apart`() {
        let text = stream(
            #"{"type":"content_block_start","index":4,"content_block":{"type":"text","text":"t"}}"#,
            #"{"type":"content_block_start","index":7,"content_block":{"type":"tool_use","id":"i","name":"n","input":{}}}"#,
            #"{"type":"content_block_delta","index":7,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#,
            #"{"type":"content_block_delta","index":4,"delta":{"type":"text_delta","text":"u"}}"#,
            #"{"type":"content_block_stop","index":7}"#)
        #expect(
            events(text, anthropic()).dropFirst() == [
                .block(0, .text), .text(0, "t"), .block(1, .toolCall(id: "i", name: "n")), .text(1, "{}"),
                .text(0, "u"),
                .done(1), .done(0), .stopped(StopReason(.other, word: "")),
            ])
    }

    @Test(arguments: [("{}", "{}"), (#"{"a":1}"#, #"{"a":1}"#)])
    func `a call without input deltas has the input it started with`(input: String, expected: String) {
        let text = stream(
            #"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"i","name":"n","input":\#(input)}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":""}}"#,
            #"{"type":"content_block_stop","index":0}"#)
        #expect(events(text, anthropic()).dropFirst(2).prefix(2) == [.text(0, expected), .done(0)])
    }

    @Test func `unknown events, deltas and citations in a text are passed over`() {
        let text = stream(
            #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"a","citations":[]}}"#,
            #"{"type":"from_the_future","index":0,"delta":{"type":"text_delta","text":"x"}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"cited_text":"x"}}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"new_delta","text":"x"}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"b"}}"#)
        #expect(events(text, anthropic()).dropFirst().prefix(3) == [.block(0, .text), .text(0, "ab"), .done(0)])
    }

    @Test func `opaque blocks are put together from their deltas and kept verbatim`() {
        let text = stream(
            #"{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"EmwKAhgB"}}"#,
            #"{"type":"content_block_stop","index":0}"#,
            #"{"type":"content_block_start","index":1,"content_block":{"type":"compaction","content":null}}"#,
            #"{"type":"content_block_delta","index":1,"delta":{"type":"compaction_delta","content":"Sum","n":2}}"#,
            #"{"type":"content_block_delta","index":1,"delta":{"type":"compaction_delta","content":"mary"}}"#,
            #"{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"a":1}}}"#,
            #"{"type":"content_block_stop","index":1}"#)
        #expect(
            events(text, anthropic()).dropFirst().prefix(2) == [
                .opaque(0, ["type": "redacted_thinking", "data": "EmwKAhgB"]),
                .opaque(1, ["type": "compaction", "content": "Summary", "n": 2, "citations": [["a": 1]]]),
            ])
    }

    @Test func `usage is cumulative and counts the cache`() {
        let text =
            chunks(
                #"{"type":"message_start","message":{"model":"m","usage":{"input_tokens":5,"cache_creation_input_tokens":7,"cache_read_input_tokens":11,"output_tokens":1}}}"#,
                #"{"type":"message_delta","delta":{},"usage":{"output_tokens":20}}"#,
                #"{"type":"message_delta","delta":{},"usage":{"input_tokens":6,"output_tokens":30,"cache_read_input_tokens":null}}"#
            )
        #expect(
            events(text, anthropic()) == [
                .started(model: "m"),
                .usage(Usage(inputTokens: 5, outputTokens: 1, cacheReadTokens: 11, cacheWriteTokens: 7)),
                .usage(Usage(inputTokens: 5, outputTokens: 20, cacheReadTokens: 11, cacheWriteTokens: 7)),
                .usage(Usage(inputTokens: 6, outputTokens: 30, cacheReadTokens: 11, cacheWriteTokens: 7)),
                .failed(.truncated),
            ])
    }

    @Test(arguments: [
        "not json", #"{"type":"ping""#, "[]", #"{"type":"ping"} x"#,
        #"{"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"lost"}}"#,
    ])
    func `an event that cannot be read is malformed, with an excerpt`(data: String) throws {
        let transcript = replay([Array(chunks(data).utf8)[...]], anthropic())
        #expect(transcript.heard == [.failed(.malformed)])
        #expect(try #require(transcript.errors.first).message.hasSuffix(data))
    }

    @Test func `an event that is too large is malformed`() {
        var decoder = EventStreamDecoder(anthropic(), eventLimitBytes: 100)
        var batch = ModelEventBatch()
        Array(repeating: UInt8(ascii: "x"), count: 200).withUnsafeBytes { decoder.decode($0, into: &batch) }
        decoder.finish(into: &batch)
        var transcript = Transcript()
        transcript.append(batch)
        #expect(transcript.heard == [.failed(.malformed)])
    }
}
