import Conversation
import JSON
import Testing

@Suite struct ResultClearingTests {
    private func path(turns: Int) -> [Message] {
        (0..<turns).flatMap { [Talk.user("u\($0)", "q"), Talk.toolReply("a\($0)", resultTokens: 200)] }
            + [Talk.user("u\(turns)", "q")]
    }

    private func cleared(_ plan: ContextPlan) -> Int {
        plan.messages.filter { message in
            message.content.contains {
                if case .toolResult(let result) = $0 { result.output.utf8.count < 300 } else { false }
            }
        }.count
    }

    @Test func `results of old turns are cut to a line, in steps, and stay with their calls`() throws {
        var counts: [Int] = []
        for turns in 0...12 {
            let plan = try FullHistory().plan(
                for: ContextInput(path: self.path(turns: turns), settings: Talk.settings(clearAfter: 4)))
            counts.append(self.cleared(plan))
            #expect(plan.messages.allSatisfy { $0.sendable == $0 })
            #expect(plan.estimatedTokens == TokenEstimate.tokens(inPrompt: plan.messages))
        }
        #expect(counts == [0, 0, 0, 0, 0, 2, 2, 4, 4, 6, 6, 8, 8])
    }

    @Test func `without the setting, or with zero, nothing is cut`() throws {
        for after in [nil, 0] {
            let plan = try FullHistory().plan(
                for: ContextInput(path: self.path(turns: 12), settings: Talk.settings(clearAfter: after)))
            #expect(self.cleared(plan) == 0)
        }
    }

    @Test func `the line says what was there, and short results stay`() throws {
        let message = Talk.reply(
            "a",
            [
                .toolCall(ToolCall(id: "c", name: "f", input: [:])),
                .toolResult(
                    ToolResult(call: "c", output: "Sunny, 20°\n" + String(repeating: "x", count: 500), isError: true)),
                .toolCall(ToolCall(id: "d", name: "f", input: [:])),
                .toolResult(ToolResult(call: "d", output: "42", isError: false)),
            ])
        #expect(
            message.clearingToolResults.content[1]
                == .toolResult(
                    ToolResult(
                        call: "c", output: "Sunny, 20°… [the rest of this old result, 512 bytes in all, is left out]",
                        isError: true)))
        #expect(message.clearingToolResults.content[3] == message.content[3])
    }

    @Test func `clearing makes room for more turns, and the window still moves in steps`() throws {
        let path = self.path(turns: 200)
        var starts: [String] = []
        for turn in 0...200 {
            let plan = try SlidingWindow().plan(
                for: ContextInput(
                    path: Array(path.prefix(2 * turn + 1)), settings: Talk.settings(budget: 5_000, clearAfter: 4)))
            let start = try #require(plan.ids.first)
            if starts.last != start { starts.append(start) }
            #expect(plan.estimatedTokens <= 5_000)
        }
        let without = try SlidingWindow().plan(
            for: ContextInput(path: path, settings: Talk.settings(budget: 5_000)))
        #expect(without.sentMessages < 50)
        #expect(Set(starts).count == starts.count)
        #expect(starts.count < 10, "\(starts)")
    }
}
