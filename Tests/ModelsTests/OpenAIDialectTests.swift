import Conversation
import JSON
import Models
import Testing

@Suite struct OpenAIDialectTests {
    private func heard(_ name: String) throws -> [Heard] {
        replay([try fixture(name)[...]], openAI()).heard
    }

    @Test func `text`() throws {
        #expect(
            try heard("openai-text") == [
                .started(model: "gpt-4o-mini"), .block(0, .text), .text(0, "Hello!"), .done(0),
                .stopped(StopReason(.endTurn, word: "stop")),
            ])
    }

    @Test func `several tool calls and the usage`() throws {
        #expect(
            try heard("openai-tool-calls") == [
                .started(model: "gpt-4o-2024-08-06"),
                .block(0, .toolCall(id: "call_DdmO9pD3xa9XTPNJ32zg2hcA", name: "get_weather")),
                .text(0, #"{"location": "Paris, France"}"#),
                .block(1, .toolCall(id: "call_ABCqVWcSVvhl4aU0NYtYDTKD", name: "get_time")),
                .text(1, #"{"zone":"Europe/Paris"}"#), .done(0), .done(1),
                .usage(Usage(inputTokens: 86, outputTokens: 300, cacheReadTokens: 1920)),
                .stopped(StopReason(.toolUse, word: "tool_calls")),
            ])
    }

    @Test func `a refusal is text, and the stop means it`() throws {
        #expect(
            try heard("openai-refusal") == [
                .started(model: "gpt-4o-2024-08-06"), .block(0, .text),
                .text(0, "I'm sorry, I cannot assist with that request."), .done(0),
                .usage(Usage(inputTokens: 79, outputTokens: 11)), .stopped(StopReason(.refusal, word: "stop")),
            ])
    }

    @Test func `DeepSeek's reasoning is thinking`() throws {
        #expect(
            try heard("deepseek-reasoning") == [
                .started(model: "deepseek-reasoner"), .block(0, .thinking),
                .text(0, "9.11 and 9.8: compare the fractions."),
                .done(0), .block(1, .text), .text(1, "9.8 is greater."), .done(1),
                .usage(Usage(inputTokens: 17, outputTokens: 9)), .stopped(StopReason(.endTurn, word: "stop")),
            ])
    }

    @Test func `OpenRouter's comments are passed over, and its usage comes after the finish`() throws {
        #expect(
            try heard("openrouter-text") == [
                .started(model: "openai/gpt-4o-mini"), .block(0, .text), .text(0, "The meaning"), .done(0),
                .usage(Usage(inputTokens: 14, outputTokens: 163)), .stopped(StopReason(.endTurn, word: "stop")),
            ])
    }

    @Test func `an error in the middle of a stream`() throws {
        let openRouter = replay([try fixture("openrouter-error")[...]], openAI())
        #expect(openRouter.heard.last == .failed(.overloaded))
        #expect(openRouter.errors.map(\.message) == ["Provider disconnected unexpectedly"])
        let llama = replay([try fixture("llama-cpp-error")[...]], openAI())
        #expect(
            llama.errors == [
                ModelError(.overloaded, message: "Context size has been exceeded.", retryable: true, status: 500)
            ])
        #expect(events(chunks(#"{"error":"model not loaded"}"#), openAI()) == [.failed(.overloaded)])
    }

    @Test func `Ollama's stop after a tool call means the call`() throws {
        #expect(
            try heard("ollama-tool-call") == [
                .started(model: "llama3.2"), .block(0, .toolCall(id: "call_2nhjvrzk", name: "get_current_weather")),
                .text(0, #"{"city":"Toronto"}"#), .done(0), .usage(Usage(inputTokens: 165, outputTokens: 18)),
                .stopped(StopReason(.toolUse, word: "stop")),
            ])
    }

    @Test func `llama.cpp's flavour`() throws {
        #expect(
            try heard("llama-cpp-text") == [
                .started(model: "smollm2"), .block(0, .text), .text(0, "Hi é😀😀"), .done(0),
                .usage(Usage(inputTokens: 31, outputTokens: 3)), .stopped(StopReason(.maxTokens, word: "length")),
            ])
    }

    private func delta(_ delta: String, finish: String? = nil) -> String {
        chunks(
            #"{"model":"m","choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(finish.map { "\"\($0)\"" } ?? "null")}]}"#
        )
    }

    private func calls(_ pieces: String...) -> [Heard] {
        let text = pieces.map { delta(#"{"tool_calls":[\#($0)]}"#) }.joined() + delta("{}", finish: "tool_calls")
        return Array(events(text, openAI()).dropFirst().dropLast())
    }

    @Test(arguments: [
        ("stop", StopReason.Meaning.endTurn), ("length", .maxTokens), ("tool_calls", .toolUse),
        ("function_call", .toolUse),
        ("content_filter", .contentFilter), ("model_length", .contextExceeded), ("something_new", .other),
    ])
    func `every finish reason has its meaning`(word: String, meaning: StopReason.Meaning) {
        #expect(events(delta("{}", finish: word), openAI()).last == .stopped(StopReason(meaning, word: word)))
    }

    @Test func `calls without an index or an id`() {
        #expect(
            calls(#"{"function":{"name":"f","arguments":"{\"a\""}}"#, #"{"function":{"arguments":":1}"}}"#) == [
                .block(0, .toolCall(id: "call_ff_0", name: "f")), .text(0, #"{"a":1}"#), .done(0),
            ])
        #expect(
            calls(
                #"{"id":"a","function":{"name":"f","arguments":"1"}}"#,
                #"{"id":"b","function":{"name":"g","arguments":"2"}}"#,
                #"{"id":"a","function":{"arguments":"3"}}"#)
                == [
                    .block(0, .toolCall(id: "a", name: "f")), .text(0, "1"), .block(1, .toolCall(id: "b", name: "g")),
                    .text(1, "2"), .text(0, "3"), .done(0), .done(1),
                ])
    }

    @Test func `an id and a name in every piece are one call`() {
        #expect(
            calls(
                #"{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}"#,
                #"{"index":0,"id":"a","function":{"name":"f","arguments":"}"}}"#)
                == [.block(0, .toolCall(id: "a", name: "f")), .text(0, "{}"), .done(0)])
        #expect(
            calls(
                #"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#,
                #"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#)
                == [.block(0, .toolCall(id: "a", name: "f")), .text(0, "{}"), .done(0)])
    }

    @Test func `a name in pieces is put together`() {
        #expect(
            calls(
                #"{"index":0,"id":"a","function":{"name":"get_","arguments":""}}"#,
                #"{"index":0,"function":{"name":"time"}}"#,
                #"{"index":0,"id":null,"function":{"name":null,"arguments":"{}"}}"#)
                == [.block(0, .toolCall(id: "a", name: "get_time")), .text(0, "{}"), .done(0)])
    }

    @Test func `several whole calls that all say index 0 are several`() {
        #expect(
            calls(
                #"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#,
                #"{"index":0,"id":"b","function":{"name":"f","arguments":"{}"}}"#)
                == [
                    .block(0, .toolCall(id: "a", name: "f")), .text(0, "{}"), .block(1, .toolCall(id: "b", name: "f")),
                    .text(1, "{}"), .done(0), .done(1),
                ])
    }

    @Test func `interleaved calls keep their pieces apart, and a call without arguments has an empty input`() {
        #expect(
            calls(
                #"{"index":0,"id":"a","function":{"name":"f","arguments":"1"}},{"index":1,"id":"b","function":{"name":"g"}}"#,
                #"{"index":1,"function":{"arguments":"2"}}"#, #"{"index":0,"function":{"arguments":"3"}}"#,
                #"{"index":2,"id":"c","type":"function","function":{"name":"h","arguments":""}}"#)
                == [
                    .block(0, .toolCall(id: "a", name: "f")), .text(0, "1"), .block(1, .toolCall(id: "b", name: "g")),
                    .text(1, "2"), .text(0, "3"), .done(0), .done(1), .block(2, .toolCall(id: "c", name: "h")),
                    .text(2, "{}"),
                    .done(2),
                ])
    }

    @Test func `arguments may come as an object, and an id that is no id of ours is replaced`() {
        #expect(
            calls(#"{"index":0,"id":"functions.f:0","function":{"arguments":{"a":1},"name":"f"}}"#)
                == [.block(0, .toolCall(id: "call_ff_0", name: "f")), .text(0, #"{"a":1}"#), .done(0)])
    }

    @Test func `the old function_call is a tool call`() {
        let text =
            delta(#"{"role":"assistant","content":null,"function_call":{"name":"f","arguments":""}}"#)
            + delta(#"{"function_call":{"arguments":"{}"}}"#) + delta("{}", finish: "function_call")
        #expect(
            events(text, openAI()) == [
                .started(model: "m"), .block(0, .toolCall(id: "call_ff_0", name: "f")), .text(0, "{}"), .done(0),
                .stopped(StopReason(.toolUse, word: "function_call")),
            ])
    }

    @Test func `text, thinking and calls follow each other as blocks`() {
        let text =
            delta(#"{"reasoning":"r","reasoning_content":"r"}"#) + delta(#"{"content":"a","tool_calls":null}"#)
            + delta(#"{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{}"}}]}"#)
            + delta(#"{"content":"b","function_call":null,"refusal":null}"#, finish: "")
            + delta(#"{"content":""}"#, finish: "stop") + "data: [DONE]\n\n" + delta(#"{"content":"late"}"#)
        #expect(
            events(text, openAI()) == [
                .started(model: "m"), .block(0, .thinking), .text(0, "r"), .done(0), .block(1, .text), .text(1, "a"),
                .done(1),
                .block(2, .toolCall(id: "c", name: "f")), .text(2, "{}"), .block(3, .text), .text(3, "b"), .done(3),
                .done(2),
                .stopped(StopReason(.toolUse, word: "stop")),
            ])
    }

    @Test func `a usage in every chunk replaces the one before, and the finish is awaited`() {
        let text = chunks(
            #"{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#,
            #"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"prompt_cache_hit_tokens":1}}"#,
            #"{"choices":null,"usage":{"prompt_tokens":"x","completion_tokens":2}}"#)
        #expect(
            events(text, openAI()) == [
                .started(model: nil), .block(0, .text), .text(0, "a"), .usage(Usage(inputTokens: 3, outputTokens: 1)),
                .done(0),
                .usage(Usage(inputTokens: 2, outputTokens: 2, cacheReadTokens: 1)), .usage(Usage(outputTokens: 2)),
                .stopped(StopReason(.endTurn, word: "stop")),
            ])
    }

    @Test func `[DONE] without a finish reason is truncated`() {
        #expect(events(delta(#"{"content":"a"}"#) + "data: [DONE]\n\n", openAI()).last == .failed(.truncated))
    }

    @Test(arguments: ["<html>", #"{"choices":[{"delta":{"content":"a}}]}"#, #"{"choices":[1]}"#])
    func `a chunk that cannot be read is malformed`(data: String) {
        #expect(events(chunks(data), openAI()).last == .failed(.malformed))
    }

    @Test(arguments: [
        ("insufficient_system_resource", ModelError.Code.overloaded), ("error", .truncated), ("abort", .truncated),
    ])
    func `a server's word for breaking off is no end of a reply`(word: String, code: ModelError.Code) {
        let heard = events(
            chunks(
                #"{"choices":[{"delta":{"content":"Hi"}}]}"#,
                #"{"choices":[{"delta":{},"finish_reason":"\#(word)"}]}"#, "[DONE]"), openAI())
        #expect(heard.contains(.text(0, "Hi")))
        #expect(heard.last == .failed(code))
    }
}
