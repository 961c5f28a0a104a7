import Conversation
import JSON
import Testing

@Suite struct SlidingWindowTests {
    private func plan(
        _ path: [Message], _ settings: SessionSettings, window: Int? = nil, reply: Int? = nil
    ) throws -> ContextPlan {
        try SlidingWindow().plan(
            for: ContextInput(path: path, settings: settings, windowTokens: window, replyTokens: reply))
    }

    @Test func `up to the budget everything is sent`() throws {
        // 21 messages of 2,304 tokens are 48,384.
        let path = Talk.path(turns: 10, tokens: 2_300)
        let plan = try self.plan(path, Talk.settings())
        #expect(plan.messages == path)
        #expect(plan.droppedMessages == 0)
        #expect(plan.budgetTokens == 50_000)
        #expect(plan.estimatedTokens == 48_384)
        #expect(plan.stableMessages == 21)
    }

    @Test func `beyond the budget the last turns are sent`() throws {
        let path = Talk.path(turns: 100, tokens: 250)
        // The budget is used up with the 99th turn.
        let before = try self.plan(Array(path.prefix(2 * 97 + 1)), Talk.settings())
        #expect(before.droppedMessages == 0)
        let plan = try self.plan(Array(path.prefix(2 * 98 + 1)), Talk.settings())
        #expect(plan.ids.first == "u89")
        #expect(plan.ids.last == "u98")
        #expect(plan.droppedMessages == 2 * 89)
        #expect(plan.sentMessages == 19)
    }

    @Test func `over 200 turns the beginning moves in steps only`() throws {
        let path = Talk.path(turns: 200, tokens: 250)
        var starts: [String] = []
        var most = 0
        for turn in 0...200 {
            let plan = try self.plan(Array(path.prefix(2 * turn + 1)), Talk.settings(budget: 20_000))
            let start = try #require(plan.ids.first)
            if starts.last != start { starts.append(start) }
            most = max(most, plan.estimatedTokens)
        }
        // 20,000 tokens hold 39 turns: down to 10 and up again five times and a half.
        #expect(starts == ["u0", "u30", "u60", "u90", "u120", "u150", "u180"])
        #expect(most > 19_000 && most <= 20_000)
    }

    @Test func `turns that are large for the budget still do not move it every time`() throws {
        // Ten of these turns take the whole budget: half of it is kept at each step.
        let path = Talk.path(turns: 100, tokens: 1_000)
        var changes = 0
        var last = ""
        for turn in 0...100 {
            let start = try #require(
                try self.plan(Array(path.prefix(2 * turn + 1)), Talk.settings(budget: 20_000)).ids.first)
            if start != last { changes += 1 }
            last = start
        }
        #expect(changes <= 22)
    }

    @Test func `reports that correct the estimate do not make the beginning move back and forth`() throws {
        let path = Talk.path(turns: 200, tokens: 250)
        var estimator = TokenEstimator(model: "m")
        var generator = SeededGenerator(seed: 7)
        var starts: [String] = []
        for turn in 0...200 {
            let plan = try SlidingWindow().plan(
                for: ContextInput(
                    path: Array(path.prefix(2 * turn + 1)), settings: Talk.settings(budget: 20_000),
                    estimator: estimator))
            let start = try #require(plan.ids.first)
            if starts.last != start { starts.append(start) }
            // A tokeniser that makes a fifth to two fifths more of the texts than the estimate.
            let raw = TokenEstimate.tokens(inPrompt: plan.messages)
            estimator.learn(plan, reported: 12 + raw * Int.random(in: 120...140, using: &generator) / 100)
        }
        #expect(Set(starts).count == starts.count, "a beginning came back: \(starts)")
        #expect(starts.count <= 13, "\(starts)")
    }

    @Test func `the least number of turns is sent even over the budget`() throws {
        let path = Talk.path(turns: 5, tokens: 400)
        let plan = try self.plan(path, Talk.settings(budget: 300, minimumTurns: 3))
        #expect(plan.ids == ["u3", "a3", "u4", "a4", "u5"])
        #expect(plan.estimatedTokens > 300)
        #expect(try self.plan(path, Talk.settings(turns: 1, budget: 300, minimumTurns: 3)).ids == ["u5"])
    }

    @Test func `the model's window less the reply is never passed, the least number of turns or not`() throws {
        let path = Talk.path(turns: 5, tokens: 400)
        let plan = try self.plan(path, Talk.settings(minimumTurns: 5), window: 2_000, reply: 500)
        #expect(plan.ids == ["u4", "a4", "u5"])
        #expect(plan.estimatedTokens <= 1_500)
    }

    @Test func `a message that does not fit alone is refused with both numbers`() throws {
        let path = Talk.path(turns: 5, tokens: 400)
        let settings = Talk.settings(system: Talk.text(tokens: 100))
        #expect(throws: ContextError.messageTooLong(tokens: 508, limit: 500)) {
            try self.plan(path, settings, window: 600, reply: 100)
        }
        for policy in ContextPolicies.all {
            #expect(throws: ContextError.messageTooLong(tokens: 508, limit: 500)) {
                try policy.plan(for: ContextInput(path: path, settings: settings, windowTokens: 600, replyTokens: 100))
            }
        }
        #expect(try self.plan(path, settings, window: 608, reply: 100).ids == ["u5"])
    }

    @Test func `the tools' descriptions count`() throws {
        let tool = ToolDescription(
            name: "f", description: Talk.text(tokens: 300), inputSchema: ["type": "object"])
        let input = ContextInput(path: Talk.path(turns: 0, tokens: 100), settings: Talk.settings(), tools: [tool])
        #expect(try SlidingWindow().plan(for: input).estimatedTokens == 104 + TokenEstimate.tokens(in: tool))
    }

    @Test func `a reply with nothing to send is left out, and a call that was never answered`() throws {
        let path = [
            Talk.user("u0", "a"), Talk.reply("a0", []), Talk.user("u1", "b"),
            Talk.reply("a1", [.text("Let me see."), .toolCall(ToolCall(id: "c", name: "f", input: nil))]),
            Talk.user("u2", "c"),
        ]
        let plan = try self.plan(path, Talk.settings())
        #expect(plan.ids == ["u0", "u1", "a1", "u2"])
        #expect(plan.messages[2].content == [.text("Let me see.")])
        #expect(plan.sentMessages == 4)
        #expect(plan.droppedMessages == 0)
    }

    @Test func `the bound that is told is the window's where the budget is larger`() throws {
        var input = ContextInput(
            path: Talk.path(turns: 6, tokens: 10), settings: Talk.settings(turns: 4, budget: 9_000),
            windowTokens: 3_000,
            replyTokens: 1_000)
        #expect(try SlidingWindow().plan(for: input).budgetTokens == 2_000)
        input.windowTokens = nil
        #expect(try SlidingWindow().plan(for: input).budgetTokens == 9_000)
    }
}
