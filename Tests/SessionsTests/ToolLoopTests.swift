import ChatProtocol
import Conversation
import JSON
import Models
import NIOConcurrencyHelpers
import Testing
import Tools

@testable import Sessions

@Suite(.timeLimit(.minutes(1))) struct ToolLoopTests {
    /// Answers with its input, or waits until it is cancelled.
    struct Echo: Tool {
        let name = "echo"
        let description = "Says it again."
        let inputSchema: JSONValue = [
            "type": "object", "properties": ["text": ["type": "string"], "wait": ["type": "boolean"]],
            "required": ["text"],
        ]

        func run(_ input: JSONValue) async throws -> String {
            if input["wait"] == true { try await untilCancelled() }
            return input["text"]?.stringValue ?? ""
        }
    }

    /// Answers once two of its calls run at the same time.
    final class Meeting: Tool {
        let name = "meet"
        let description = "Meets somebody."
        let inputSchema: JSONValue = ["type": "object"]
        private let arrived = NIOLockedValueBox(0)
        private let met: AsyncStream<Void>
        private let meeting: AsyncStream<Void>.Continuation

        init() {
            (met, meeting) = AsyncStream.makeStream()
        }

        func run(_ input: JSONValue) async throws -> String {
            let count = arrived.withLockedValue { count in
                count += 1
                return count
            }
            if count == 2 { meeting.finish() }
            for await _ in met {}
            return input["who"]?.stringValue ?? ""
        }
    }

    private func call(_ input: String, id: String = "c_1") -> [ScriptedCall.Said] {
        [
            .event(.blockStarted(index: 0, .toolCall(id: id, name: "echo"))), .delta(0, input),
            .event(.blockDone(index: 0)), .event(.stopped(StopReason(.toolUse, word: "tool_use"))),
        ]
    }

    @Test func `a call streams in, runs, and its result goes back to the model`() async throws {
        let fixture = try SessionFixture(tools: [Echo()])
        let (session, follower) = try await fixture.open()
        session.send("Hi", id: "m1", from: follower)
        let first = try await fixture.provider.nextCall()
        #expect(first.request.tools.map(\.name) == ["echo"])
        try await first.say(call("{\"text\":\"ho\"}"))
        let second = try await fixture.provider.nextCall()
        let reply = try #require(second.request.messages.last)
        #expect(
            reply.content == [
                .toolCall(ToolCall(id: "c_1", name: "echo", input: ["text": "ho"])),
                .toolResult(ToolResult(call: "c_1", output: "ho", isError: false)),
            ])
        try await second.reply("It said ho.")
        let frames = try await follower.until("turn.done")
        #expect(
            frames.types == [
                "message", "turn.started", "block.started", "delta", "block.done", "tool.started", "tool.done",
                "block.started", "delta", "block.done", "turn.done",
            ])
        #expect(frames[4]["input"] == ["text": "ho"])
        #expect(frames[6]["output"] == "ho")
        #expect(frames[6]["is_error"] == false)
        #expect(frames[7]["index"] == 1)
        let late = try await fixture.join(session, 2)
        let content = try await late.until("snapshot").last?["messages"]?.arrayValue?.last?["content"]?.arrayValue
        #expect(content?.compactMap { $0["kind"]?.stringValue } == ["tool_call", "tool_result", "text"])
    }

    @Test(arguments: ["{\"text\":", "{\"text\":7}", "{}"])
    func `an input that is wrong becomes an error that the model reads`(input: String) async throws {
        let fixture = try SessionFixture(tools: [Echo()])
        let (session, follower) = try await fixture.open()
        session.send("Hi", id: "m1", from: follower)
        try await fixture.provider.nextCall().say(call(input))
        let second = try await fixture.provider.nextCall()
        guard case .toolResult(let result)? = second.request.messages.last?.content.last else {
            Issue.record("no result in \(String(describing: second.request.messages.last))")
            return
        }
        #expect(result.isError)
        try await second.reply("Sorry.")
        #expect(try await follower.until("turn.done").last?["status"] == "completed")
    }

    @Test func `calls of one round run side by side, and the model gets each one's result`()
        async throws
    {
        let fixture = try SessionFixture(tools: [Meeting()])
        let (session, follower) = try await fixture.open()
        session.send("Hi", id: "m1", from: follower)
        try await fixture.provider.nextCall().say(
            .calls(("c_1", "meet", #"{"who":"Ada"}"#), ("c_2", "meet", #"{"who":"Bob"}"#)))
        let second = try await fixture.provider.nextCall()
        #expect(["c_1", "c_2"].map { second.result(of: $0)?.output } == ["Ada", "Bob"])
        try await second.reply("They met.")
        #expect(try await follower.until("turn.done").last?["status"] == "completed")
    }

    @Test func `cancel stops a tool that runs`() async throws {
        let fixture = try SessionFixture(tools: [Echo()])
        let (session, follower) = try await fixture.open()
        session.send("Hi", id: "m1", from: follower)
        try await fixture.provider.nextCall().say(call("{\"text\":\"x\",\"wait\":true}"))
        _ = try await follower.until("tool.started")
        session.say(.cancel(.init()), id: nil, from: follower)
        #expect(try await follower.until("turn.done").last?["status"] == "cancelled")
        session.send("Still there?", id: "m2", from: follower)
        try await fixture.provider.nextCall().reply("Yes")
        #expect(try await follower.until("turn.done").last?["status"] == "completed")
    }
}
