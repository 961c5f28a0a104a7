import Conversation
import Foundation
import JSON
import Testing

@testable import Models

/// Where the marks for the API's prompt cache stand.
@Suite struct AnthropicCacheTests {
    /// Some 1,100 tokens: more than the least that is kept.
    private let long = String(repeating: "word ", count: 1_100)
    private let tools = ["f", "g"].map { ToolDescription(name: $0, description: "d", inputSchema: ["type": "object"]) }

    private func body(_ request: ModelRequest, caches: Bool = true) throws -> JSONValue {
        let request = AnthropicRequest(request, provider: "anthropic", caches: caches)
        return try JSONValue(parsing: JSONEncoder().encode(request))
    }

    /// The marked blocks of the messages, as `message.block`.
    private func marks(_ body: JSONValue) -> [String] {
        (body["messages"]?.arrayValue ?? []).enumerated().flatMap { message, value in
            (value["content"]?.arrayValue ?? []).enumerated()
                .filter { $0.element["cache_control"] == ["type": "ephemeral"] }.map { "\(message).\($0.offset)" }
        }
    }

    private func markCount(_ value: JSONValue) -> Int {
        switch value {
        case .object(let members):
            members.reduce(members["cache_control"] == nil ? 0 : 1) { $0 + self.markCount($1.value) }
        case .array(let values): values.reduce(0) { $0 + self.markCount($1) }
        default: 0
        }
    }

    @Test func `tools, system prompt and the end of the conversation are marked`() throws {
        let body = try self.body(
            ModelRequest(
                model: "m", system: "s",
                messages: [.user(long), .assistant(.text("x")), .user("q"), .assistant(.text("y")), .user("r")],
                tools: tools))
        #expect(body["system"] == [["type": "text", "text": "s", "cache_control": ["type": "ephemeral"]]])
        #expect(body["tools"]?.arrayValue?.map { $0["cache_control"] } == [nil, ["type": "ephemeral"]])
        // The end, and where the request before this one ended.
        #expect(self.marks(body) == ["2.0", "4.0"])
        #expect(self.markCount(body) == 4)
        #expect(
            body["messages"]?.arrayValue?[4]["content"] == [
                ["type": "text", "text": "r", "cache_control": ["type": "ephemeral"]]
            ])
    }

    @Test func `a short prompt is not marked, nor one for a server that knows no cache`() throws {
        let short = ModelRequest(model: "m", system: "s", messages: [.user("q")], tools: tools)
        #expect(self.markCount(try self.body(short)) == 0)
        #expect(try self.body(short)["system"] == "s")
        let long = ModelRequest(model: "m", system: "s", messages: [.user(long)], tools: tools)
        #expect(self.markCount(try self.body(long)) == 3)
        #expect(self.markCount(try self.body(long, caches: false)) == 0)
    }

    @Test func `what will not be sent again is not written to the cache`() throws {
        var request = ModelRequest(
            model: "m", system: "s", messages: [.user(long), .assistant(.text("x")), .user("recalled"), .user("q")],
            stableMessages: 2)
        // Recalled and question are one message of the API.
        #expect(self.marks(try self.body(request)) == ["0.0", "1.0"])
        request.messages = [.user(long)]
        request.stableMessages = 0
        let alone = try self.body(request)
        #expect(self.marks(alone) == [])
        #expect(self.markCount(alone) == 1)
    }

    @Test func `in a turn with tools the next round reads what this one wrote`() throws {
        let reply = Message.assistant(.text("Let me see."), .call("c1", "f", ["a": 1]), .result("c1", "42"))
        let body = try self.body(
            ModelRequest(
                model: "m", system: "s",
                messages: [.user(long), .assistant(.text("x")), .user("q"), reply], tools: tools, stableMessages: 3))
        #expect(self.marks(body) == ["2.0", "4.0"])
        #expect(body["messages"]?.arrayValue?[4]["content"]?.arrayValue?[0]["type"] == "tool_result")
    }

    @Test func `thinking is never marked, and never more than four places are`() throws {
        let thought = Message.assistant(
            .text("y"), .thinking(Thinking(text: "t", signature: "s")), .call("c", "f", [:]), .result("c", "r"),
            .thinking(Thinking(text: "u", signature: "s")), .text("z"))
        var messages: [Message] = []
        for turn in 0..<8 {
            messages += [.user(long), thought]
            for stable in 0...messages.count {
                for (system, tools) in [("s", tools), ("", tools), ("s", []), ("", [])] {
                    let body = try self.body(
                        ModelRequest(
                            model: "m", system: system, messages: messages + [.user("q\(turn)")], tools: tools,
                            stableMessages: stable))
                    #expect(self.markCount(body) <= 4)
                    for message in body["messages"]?.arrayValue ?? [] {
                        for block in message["content"]?.arrayValue ?? [] where block["type"] == "thinking" {
                            #expect(block["cache_control"] == nil)
                        }
                    }
                }
            }
        }
    }

    @Test func `in a growing conversation each request marks where the one before it ended`() throws {
        var messages = [Message.user(long)]
        var before: [String] = []
        func request(_ more: Message...) throws -> [String] {
            let marks = self.marks(
                try self.body(
                    ModelRequest(
                        model: "m", system: "s", messages: messages + more, tools: tools,
                        stableMessages: messages.count)))
            if let end = before.last { #expect(marks.contains(end), "\(before), then \(marks)") }
            return marks
        }
        for turn in 0..<6 {
            before = try request()
            before = try request(.assistant(.call("c"), .result("c", "r")))
            messages += [.assistant(.call("c"), .result("c", "r"), .text("a\(turn)")), .user("q\(turn)")]
        }
    }
}
