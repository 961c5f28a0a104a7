import Conversation
import Foundation
import JSON
import Testing

@testable import Models

@Suite struct HistoryTests {
    private func steps(_ messages: Message...) -> [HistoryStep] {
        HistoryStep.steps(of: messages, for: "anthropic")
    }

    private func anthropic(_ messages: Message...) throws -> JSONValue? {
        let request = AnthropicRequest(ModelRequest(model: "m", messages: messages), provider: "anthropic")
        return try JSONValue(parsing: JSONEncoder().encode(request))["messages"]
    }

    private func openAI(_ messages: Message...) throws -> JSONValue? {
        let request = OpenAIRequest(
            ModelRequest(model: "m", messages: messages), provider: "openai", tokenLimit: .maxTokens)
        return try JSONValue(parsing: JSONEncoder().encode(request))["messages"]
    }

    private let toolReply = Message.assistant(
        .text("Let me see."), .call("c1", "f", ["a": 1]), .result("c1", "42"), .text("It is 42."))

    @Test func `a reply with a tool round is three messages for Anthropic`() throws {
        #expect(
            try anthropic(.user("q"), toolReply, .user("thanks")) == [
                ["role": "user", "content": [["type": "text", "text": "q"]]],
                [
                    "role": "assistant",
                    "content": [
                        ["type": "text", "text": "Let me see."],
                        ["type": "tool_use", "id": "c1", "name": "f", "input": ["a": 1]],
                    ],
                ],
                ["role": "user", "content": [["type": "tool_result", "tool_use_id": "c1", "content": "42"]]],
                ["role": "assistant", "content": [["type": "text", "text": "It is 42."]]],
                ["role": "user", "content": [["type": "text", "text": "thanks"]]],
            ])
    }

    @Test func `the same is an assistant, a tool and an assistant message for OpenAI`() throws {
        #expect(
            try openAI(.user("q"), toolReply) == [
                ["role": "user", "content": "q"],
                [
                    "role": "assistant", "content": "Let me see.",
                    "tool_calls": [
                        ["id": "c1", "type": "function", "function": ["name": "f", "arguments": #"{"a":1}"#]]
                    ],
                ],
                ["role": "tool", "tool_call_id": "c1", "content": "42"],
                ["role": "assistant", "content": "It is 42."],
            ])
    }

    @Test func `results follow their calls directly, in the calls' order`() {
        #expect(
            steps(
                .user("q"),
                .assistant(
                    .call("a"), .text("x"), .call("b"), .result("b", "2"), .text("y"), .result("a", "1"), .text("z")))
                == [
                    .user(["q"]), .assistant([.call("a"), .text("x"), .call("b")]),
                    .results([
                        ToolResult(call: "a", output: "1", isError: false),
                        ToolResult(call: "b", output: "2", isError: false),
                    ]),
                    .assistant([.text("y"), .text("z")]),
                ])
    }

    @Test func `ids that repeat in each round are told apart by their order`() {
        #expect(
            steps(.user("q"), .assistant(.call("x"), .result("x", "1"), .call("x"), .result("x", "2"))) == [
                .user(["q"]), .assistant([.call("x")]), .results([ToolResult(call: "x", output: "1", isError: false)]),
                .assistant([.call("x")]), .results([ToolResult(call: "x", output: "2", isError: false)]),
            ])
    }

    @Test(
        arguments: [
            [.call("a")], [.result("a")], [.text("")], [.text(" \n")],
            [.thinking(Thinking(text: "t"))], [.thinking(Thinking(text: "t", signature: "s"))],
            [.opaque(provider: "anthropic", ["type": "redacted_thinking", "data": "d"])],
            [.thinking(Thinking(text: "t", signature: "s")), .call("a")], [.opaque(provider: "openai", ["type": "x"])],
            [],
        ] as [[ContentBlock]])
    func `what no API takes is left out, and the message that this leaves empty`(content: [ContentBlock]) {
        var reply = Message.assistant()
        reply.content = content
        #expect(steps(.user("q"), reply, .user("r")) == [.user(["q", "r"])])
        reply.content = content + [.text("kept")]
        let kept: [ContentBlock] = content.filter {
            switch $0 {
            case .thinking(let thinking): thinking.signature != nil
            case .opaque(let provider, _): provider == "anthropic"
            default: false
            }
        }
        #expect(steps(.user("q"), reply) == [.user(["q"]), .assistant(kept + [.text("kept")])])
    }

    @Test func `a call whose input was no JSON goes back empty, with the error that came of it`() {
        #expect(
            steps(.user("q"), .assistant(.call("a", "f", nil), .result("a", "bad", isError: true))) == [
                .user(["q"]), .assistant([.call("a", "f", [:])]),
                .results([ToolResult(call: "a", output: "bad", isError: true)]),
            ])
    }

    @Test func `signed thinking goes back before its call, unchanged`() throws {
        let thinking = ContentBlock.thinking(Thinking(text: "", signature: "s"))
        let sent = try anthropic(.user("q"), .assistant(thinking, .call("a"), .result("a", "e", isError: true)))
        #expect(
            sent?.arrayValue?[1]["content"]?.arrayValue?[0] == ["type": "thinking", "thinking": "", "signature": "s"])
        #expect(
            sent?.arrayValue?[2]["content"]?.arrayValue?[0] == [
                "type": "tool_result", "tool_use_id": "a", "content": "e", "is_error": true,
            ])
    }

    @Test func `opaque blocks go back only to their own provider, as they were`() throws {
        let value: JSONValue = ["type": "server_tool_use", "id": "s1", "name": "web_search", "input": ["query": "x"]]
        let result: JSONValue = ["type": "web_search_tool_result", "tool_use_id": "s1", "content": []]
        let reply = Message.assistant(
            .opaque(provider: "anthropic", value), .opaque(provider: "anthropic", result), .text("t"))
        #expect(
            try anthropic(.user("q"), reply)?.arrayValue?[1]["content"] == [
                value, result, ["type": "text", "text": "t"],
            ])
        #expect(try openAI(.user("q"), reply)?.arrayValue?[1] == ["role": "assistant", "content": "t"])
        // A search that was cut off has no result, and the API refuses it without.
        let partial = Message.assistant(.text("t"), .opaque(provider: "anthropic", value), partial: true)
        #expect(steps(.user("q"), partial) == [.user(["q"]), .assistant([.text("t")])])
    }

    @Test func `a conversation starts with the user, and roles alternate`() throws {
        #expect(
            steps(
                .assistant(.call("a"), .result("a"), .text("early")), .user("q"), .user("r"), .assistant(.text("x")),
                .assistant(.text("y")))
                == [.user(["q", "r"]), .assistant([.text("x"), .text("y")])])
        #expect(steps(.assistant(.text("alone"))) == [])
        #expect(try openAI(.user("q"), .user("r")) == [["role": "user", "content": "q\n\nr"]])
        let merged = try anthropic(.user("q"), .assistant(.call("a"), .result("a")), .user("r"))?.arrayValue
        #expect(merged?.count == 3)
        #expect(merged?[2]["content"]?.arrayValue?.map { $0["type"] } == ["tool_result", "text"])
    }
}
