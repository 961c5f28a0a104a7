import Conversation
import JSON
import Testing

@testable import Models

/// What a hostile or broken provider may send too much of.
@Suite struct StreamBoundsTests {
    private let start = #"{"type":"message_start","message":{"model":"m"}}"#

    private func block(_ members: String, _ deltas: [String]) -> String {
        let head = chunks(start, #"{"type":"content_block_start","index":0,"content_block":{\#(members)}}"#)
        let body = deltas.map { chunks(#"{"type":"content_block_delta","index":0,"delta":{\#($0)}}"#) }.joined()
        return head + body + chunks(#"{"type":"content_block_stop","index":0}"#)
    }

    private func errors<Dialect: EventStreamDialect>(_ text: String, _ dialect: Dialect) -> [ModelError] {
        replay([Array(text.utf8)[...]], dialect).errors
    }

    private func malformed(_ message: String) -> [ModelError] {
        [ModelError(.malformed, message: message, retryable: false)]
    }

    @Test(arguments: [(Int.max, 1_000_000_000), (Int.min, 0), (-5, 0)])
    func `counts of tokens are clamped`(count: Int, expected: Int) {
        let ofAnthropic = chunks(
            #"{"type":"message_start","message":{"usage":{"input_tokens":\#(count),"output_tokens":\#(count),"cache_read_input_tokens":\#(count),"cache_creation_input_tokens":\#(count)}}}"#
        )
        let clamped = Usage(
            inputTokens: expected, outputTokens: expected, cacheReadTokens: expected, cacheWriteTokens: expected)
        #expect(events(ofAnthropic, anthropic()).contains(.usage(clamped)))
        let ofOpenAI = chunks(
            #"{"choices":[],"usage":{"prompt_tokens":\#(count),"completion_tokens":\#(count),"prompt_tokens_details":{"cached_tokens":7}}}"#
        )
        let cached = min(7, expected)
        let expectedUsage = Usage(
            inputTokens: expected - cached, outputTokens: expected, cacheReadTokens: cached)
        #expect(events(ofOpenAI, openAI()).contains(.usage(expectedUsage)))
    }

    @Test func `an opaque block is put together from very many deltas, and refused beyond 1 MiB of them`() {
        let delta = #""type":"compaction_delta","content":"\#(String(repeating: "x", count: 98))""#
        // Each counts with its quotes, and the name once.
        let count = (StreamExcess.opaqueLimitBytes - "content".utf8.count) / 100
        let text = block(#""type":"compaction","content":"a""#, Array(repeating: delta, count: count))
        let whole = JSONValue.string("a" + String(repeating: "x", count: 98 * count))
        #expect(events(text, anthropic())[1] == .opaque(0, ["type": "compaction", "content": whole]))
        let more = block(#""type":"compaction""#, Array(repeating: delta, count: count + 1))
        #expect(errors(more, anthropic()) == malformed("The provider sent a block of more than 1048576 bytes."))
    }

    @Test(arguments: [
        #""type":"citations_delta","citation":{"a":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}"#,
        #""type":"input_json_delta","partial_json":"0123456789012345678901234567890123456789012345678901234567890123""#,
        #""type":"new_delta","n":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]"#,
    ])
    func `every kind of delta of an opaque block counts`(delta: String) {
        let text = block(#""type":"server_tool_use""#, Array(repeating: delta, count: 20_000))
        #expect(errors(text, anthropic()) == malformed("The provider sent a block of more than 1048576 bytes."))
    }

    @Test func `a member of an opaque block has no name beyond the bound`() {
        let name = String(repeating: "\u{301}", count: 100_000)
        #expect(
            errors(block(#""type":"new""#, [#""type":"new_delta","\#(name)":"x""#]), anthropic()).map(\.code) == [
                .malformed
            ])
    }

    @Test func `a signature is refused beyond 256 KiB`() {
        let piece = String(repeating: "x", count: 1024)
        let delta = #""type":"signature_delta","signature":"\#(piece)""#
        let text = block(#""type":"thinking","thinking":"t""#, Array(repeating: delta, count: 256))
        #expect(events(text, anthropic()).contains(.signature(0, String(repeating: piece, count: 256))))
        let more = block(#""type":"thinking","thinking":"t""#, Array(repeating: delta, count: 257))
        #expect(errors(more, anthropic()) == malformed("The provider sent a signature of more than 262144 bytes."))
        let atOnce = block(
            #""type":"thinking","thinking":"","signature":"\#(String(repeating: piece, count: 257))""#, [])
        #expect(errors(atOnce, anthropic()) == malformed("The provider sent a signature of more than 262144 bytes."))
    }

    @Test(arguments: [1000, 1001]) func `a call has at most 1,000 blocks`(count: Int) {
        let tooMany = malformed("The provider sent more than 1000 blocks in one reply.")
        let ofAnthropic = (0..<count).map {
            chunks(#"{"type":"content_block_start","index":\#($0),"content_block":{"type":"text","text":""}}"#)
        }
        let stop = chunks(#"{"type":"message_stop"}"#)
        #expect(errors(chunks(start) + ofAnthropic.joined() + stop, anthropic()) == (count > 1000 ? tooMany : []))

        let finish = chunks(#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#, "[DONE]")
        let prose = (0..<count).map {
            chunks(#"{"choices":[{"delta":{"\#($0.isMultiple(of: 2) ? "content" : "reasoning")":"x"}}]}"#)
        }
        #expect(errors(prose.joined() + finish, openAI()) == (count > 1000 ? tooMany : []))
        // In one chunk, and without the arguments that start a block.
        let calls = (0..<count).map { #"{"index":\#($0),"function":{"name":"f"}}"# }.joined(separator: ",")
        #expect(
            errors(chunks(#"{"choices":[{"delta":{"tool_calls":[\#(calls)]}}]}"#) + finish, openAI())
                == (count > 1000 ? tooMany : []))
    }

    @Test(arguments: [
        ("get_weather-2", "get_weather-2"), ("a b.c/é😀\u{301}", "a_b_c____"), ("", "_"),
        (String(repeating: "n", count: 65), String(repeating: "n", count: 64)),
    ])
    func `a tool's name is one that providers take back`(name: String, expected: String) {
        let ofAnthropic = block(#""type":"tool_use","id":"i","name":"\#(name)""#, [])
        #expect(events(ofAnthropic, anthropic()).contains(.block(0, .toolCall(id: "i", name: expected))))
        let ofOpenAI = chunks(
            #"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"i","function":{"name":"\#(name)","arguments":"{}"}}]}}]}"#
        )
        #expect(events(ofOpenAI, openAI()).contains(.block(0, .toolCall(id: "i", name: expected))))
        let kept = Message.assistant(.call("i", name, [:]), .result("i", "r"))
        let steps = HistoryStep.steps(of: [.user("q"), kept], for: "openai")
        #expect(steps.contains(.assistant([.call("i", expected, [:])])))
    }

    @Test func `a stop reason's word is cut to 64 scalars`() {
        let word = String(repeating: "e\u{301}", count: 100)
        let expected = Heard.stopped(StopReason(.other, word: String(repeating: "e\u{301}", count: 32)))
        let ofAnthropic = chunks(
            start, #"{"type":"message_delta","delta":{"stop_reason":"\#(word)"}}"#, #"{"type":"message_stop"}"#)
        #expect(events(ofAnthropic, anthropic()).last == expected)
        let ofOpenAI = chunks(#"{"choices":[{"delta":{},"finish_reason":"\#(word)"}]}"#, "[DONE]")
        #expect(events(ofOpenAI, openAI()).last == expected)
    }
}
