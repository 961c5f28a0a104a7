import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing

@testable import Sessions

@Suite struct TurnTests {
    private func makeTurn() -> Turn {
        Turn(
            accepted: AcceptedTurn(
                id: "t_1", kind: .send, ref: "m1", parent: "u_1", reply: "a_1", seq: 1,
                settings: SessionSettings(model: "m")),
            provider: "test")
    }

    private let endTurn = StopReason(.endTurn, word: "end_turn")
    private let toolUse = StopReason(.toolUse, word: "tool_use")

    private func append(_ text: String, _ index: Int, to turn: inout Turn) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            turn.appendDelta(index, byteCount: bytes.count) { run, prefix in
                let run = run ?? DeltaRun(prefix: prefix, firstSeq: 1)
                run.append(UnsafeRawBufferPointer(bytes))
                return run
            }
        }
    }

    @Test func `a reply of one text block`() {
        var turn = makeTurn()
        #expect(turn.begin() == [.callModel])
        #expect(turn.received(.started(model: "m", requestID: nil)) == [])
        #expect(turn.received(.blockStarted(index: 0, .text)) == [.blockStarted(index: 0, .text)])
        #expect(append("Hello", 0, to: &turn))
        #expect(turn.received(.blockDone(index: 0)) == [.blockDone(index: 0, partial: false, input: nil)])
        #expect(turn.received(.usage(Usage(inputTokens: 5, outputTokens: 1))) == [])
        #expect(turn.received(.stopped(endTurn)) == [.end(.completed, stopReason: "end_turn", error: nil)])
        #expect(turn.content == [.text("Hello")])
        #expect(turn.reportedUsage == Usage(inputTokens: 5, outputTokens: 1))
    }

    @Test func `a tool call runs and the model is called again with its result`() {
        var turn = makeTurn()
        _ = turn.begin()
        #expect(
            turn.received(.blockStarted(index: 0, .toolCall(id: "c_1", name: "calculate")))
                == [.blockStarted(index: 0, .toolCall(call: "c_1", name: "calculate"))])
        _ = append("{\"expression\":", 0, to: &turn)
        _ = append("\"6*7\"}", 0, to: &turn)
        let input: JSONValue = ["expression": "6*7"]
        #expect(turn.received(.blockDone(index: 0)) == [.blockDone(index: 0, partial: false, input: input)])
        #expect(
            turn.received(.stopped(toolUse)) == [.runTools([ToolCall(id: "c_1", name: "calculate", input: input)])])
        let result = ToolResult(call: "c_1", output: "42", isError: false)
        #expect(turn.toolFinished(result) == [.callModel])
        #expect(turn.round == 2)
        // Indices count through the whole turn.
        #expect(turn.received(.blockStarted(index: 0, .text)) == [.blockStarted(index: 1, .text)])
        _ = append("42.", 0, to: &turn)
        #expect(
            turn.received(.stopped(endTurn)) == [
                .blockDone(index: 1, partial: false, input: nil), .end(.completed, stopReason: "end_turn", error: nil),
            ])
        #expect(
            turn.content == [
                .toolCall(ToolCall(id: "c_1", name: "calculate", input: input)), .toolResult(result), .text("42."),
            ])
    }

    @Test func `the model is called again only when all tools of a round have answered`() {
        var turn = makeTurn()
        _ = turn.begin()
        for (index, call) in ["c_1", "c_2"].enumerated() {
            _ = turn.received(.blockStarted(index: index, .toolCall(id: call, name: "current_time")))
            _ = turn.received(.blockDone(index: index))
        }
        #expect(turn.received(.stopped(toolUse)).count == 1)
        #expect(turn.toolFinished(ToolResult(call: "c_2", output: "2", isError: false)) == [])
        #expect(turn.toolFinished(ToolResult(call: "c_2", output: "again", isError: false)) == [])
        #expect(turn.toolFinished(ToolResult(call: "c_1", output: "1", isError: false)) == [.callModel])
    }

    @Test func `an input that is not JSON becomes an error result that the model can read`() throws {
        var turn = makeTurn()
        _ = turn.begin()
        _ = turn.received(.blockStarted(index: 0, .toolCall(id: "c_1", name: "calculate")))
        _ = append("{\"expression\":", 0, to: &turn)
        #expect(turn.received(.blockDone(index: 0)) == [.blockDone(index: 0, partial: false, input: nil)])
        let actions = turn.received(.stopped(toolUse))
        guard case .answerTool(let result)? = actions.first, actions.count == 1 else {
            Issue.record("expected one answer, got \(actions)")
            return
        }
        #expect(result.isError)
        #expect(turn.toolFinished(result) == [.callModel])
    }

    @Test func `a model that calls tools for ever is stopped`() {
        var turn = makeTurn()
        _ = turn.begin()
        var last: [Turn.Action] = []
        for round in 1...Turn.maximumRounds {
            _ = turn.received(.blockStarted(index: 0, .toolCall(id: "c_\(round)", name: "current_time")))
            last = turn.received(.stopped(toolUse))
            _ = turn.toolFinished(ToolResult(call: "c_\(round)", output: "now", isError: false))
        }
        #expect(last.last == .end(.toolLimit, stopReason: "tool_use", error: nil))
    }

    // MARK: Ends

    @Test(arguments: [
        (StopReason.Meaning.maxTokens, TurnStatus.maxTokens), (.refusal, .refused), (.contentFilter, .filtered),
        (.contextExceeded, .contextExceeded), (.stopSequence, .completed), (.other, .completed),
    ])
    func `each reason to stop has its status`(meaning: StopReason.Meaning, status: TurnStatus) {
        var turn = makeTurn()
        _ = turn.begin()
        #expect(
            turn.received(.stopped(StopReason(meaning, word: "w"))) == [.end(status, stopReason: "w", error: nil)])
    }

    @Test func `a pause is continued with what was said so far`() {
        var turn = makeTurn()
        _ = turn.begin()
        _ = turn.received(.blockStarted(index: 0, .text))
        _ = append("So", 0, to: &turn)
        #expect(
            turn.received(.stopped(StopReason(.pauseTurn, word: "pause_turn"))) == [
                .blockDone(index: 0, partial: false, input: nil), .callModel,
            ])
    }

    @Test func `a stream that breaks off leaves the open block partial`() {
        var turn = makeTurn()
        _ = turn.begin()
        _ = turn.received(.blockStarted(index: 0, .text))
        _ = append("Hal", 0, to: &turn)
        let error = ModelError(.truncated, message: "cut off", retryable: true)
        #expect(
            turn.received(.failed(error)) == [
                .blockDone(index: 0, partial: true, input: nil),
                .end(.truncated, stopReason: nil, error: TurnError(error)),
            ])
        #expect(turn.content == [.text("Hal")])
    }

    @Test func `a turn ends once, whatever comes after`() {
        var turn = makeTurn()
        _ = turn.begin()
        _ = turn.received(.blockStarted(index: 0, .text))
        #expect(
            turn.stop(.cancelled) == [
                .cancelCall, .blockDone(index: 0, partial: true, input: nil),
                .end(.cancelled, stopReason: nil, error: nil),
            ])
        #expect(turn.stop(.cancelled) == [])
        #expect(turn.received(.stopped(endTurn)) == [])
        #expect(turn.received(.failed(ModelError(.malformed, message: "", retryable: false))) == [])
        #expect(turn.toolFinished(ToolResult(call: "c", output: "", isError: false)) == [])
        #expect(turn.begin() == [])
    }

    @Test func `a turn that waits can be stopped`() {
        var turn = makeTurn()
        #expect(turn.stop(.cancelled) == [.end(.cancelled, stopReason: nil, error: nil)])
        #expect(turn.begin() == [])
        #expect(turn.content.isEmpty)
    }

    @Test func `a reply longer than a reply may be is noticed`() {
        var turn = makeTurn()
        _ = turn.begin()
        _ = turn.received(.blockStarted(index: 0, .text))
        let piece = String(repeating: "x", count: 1 << 20)
        for _ in 0..<4 { #expect(append(piece, 0, to: &turn)) }
        #expect(!append("x", 0, to: &turn))
    }

    @Test func `a usage that was never said is none, however many calls there were`() {
        var turn = makeTurn()
        _ = turn.begin()
        _ = turn.received(.blockStarted(index: 0, .toolCall(id: "c_1", name: "current_time")))
        _ = turn.received(.stopped(toolUse))
        _ = turn.toolFinished(ToolResult(call: "c_1", output: "now", isError: false))
        #expect(turn.reportedUsage == nil)
    }

    @Test func `blocks of unknown kinds count towards the longest reply`() {
        var turn = makeTurn()
        _ = turn.begin()
        let value: JSONValue = ["type": "unknown", "data": .string(String(repeating: "x", count: 1 << 20))]
        for index in 0..<3 { #expect(turn.received(.opaque(index: index, value)).count == 2) }
        #expect(
            turn.received(.opaque(index: 3, value)) == [
                .cancelCall, .end(.truncated, stopReason: nil, error: Turn.replyTooLong),
            ])
    }

    @Test func `calls of the same id get ids of their own`() {
        var turn = makeTurn()
        _ = turn.begin()
        _ = turn.received(.blockStarted(index: 0, .toolCall(id: "call_0", name: "current_time")))
        _ = turn.received(.blockStarted(index: 1, .toolCall(id: "call_0", name: "current_time")))
        guard case .runTools(let calls)? = turn.received(.stopped(toolUse)).last else {
            Issue.record("no tools to run")
            return
        }
        #expect(calls.count == 2)
        #expect(Set(calls.map(\.id)).count == 2)
        #expect(turn.toolFinished(ToolResult(call: calls[1].id, output: "2", isError: false)) == [])
        #expect(turn.toolFinished(ToolResult(call: calls[0].id, output: "1", isError: false)) == [.callModel])
    }

    @Test func `usage of several calls adds up`() {
        var turn = makeTurn()
        _ = turn.begin()
        _ = turn.received(.blockStarted(index: 0, .toolCall(id: "c_1", name: "current_time")))
        _ = turn.received(.usage(Usage(inputTokens: 10, outputTokens: 2)))
        _ = turn.received(.usage(Usage(inputTokens: 10, outputTokens: 7)))
        _ = turn.received(.stopped(toolUse))
        _ = turn.toolFinished(ToolResult(call: "c_1", output: "now", isError: false))
        #expect(turn.reportedUsage == Usage(inputTokens: 10, outputTokens: 7))
        _ = turn.received(.usage(Usage(inputTokens: 20, outputTokens: 3)))
        #expect(turn.reportedUsage == Usage(inputTokens: 30, outputTokens: 10))
    }
}
