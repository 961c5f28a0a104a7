import Conversation
import Testing

@Suite struct FullHistoryTests {
    @Test func `the whole path is sent as it is`() {
        let path = (1...3).map { Talk.user("u\($0)", "abcd") }
        let settings = SessionSettings(system: "abcd", model: "demo", context: .init(budgetTokens: 256))
        let plan = FullHistory().plan(for: path, settings: settings)
        #expect(plan.messages == path)
        #expect(plan.policy == "full")
        #expect(plan.sentMessages == 3)
        #expect(plan.droppedMessages == 0)
        #expect(plan.estimatedTokens == 20)
        // It keeps to no budget, and must not claim so.
        #expect(plan.budgetTokens == nil)
    }

    @Test func `an empty path is an empty plan`() {
        let plan = FullHistory().plan(for: [], settings: SessionSettings(model: "demo"))
        #expect(plan == ContextPlan(messages: [], policy: "full", sentMessages: 0, estimatedTokens: 0))
    }

    @Test func `where the model's window is known and too small, the oldest turns are dropped in steps`() throws {
        let path = Talk.path(turns: 50, tokens: 100)
        var starts: [String] = []
        for turn in 0...50 {
            let plan = try FullHistory().plan(
                for: ContextInput(
                    path: Array(path.prefix(2 * turn + 1)), settings: Talk.settings("full"), windowTokens: 4_000,
                    replyTokens: 1_000))
            #expect(plan.estimatedTokens <= 3_000)
            let start = try #require(plan.ids.first)
            if starts.last != start { starts.append(start) }
        }
        #expect(starts.count <= 8)
        #expect(starts.count > 1)
    }

    @Test func `without history each message goes alone`() throws {
        let plan = try NoHistory().plan(
            for: ContextInput(path: Talk.path(turns: 3, tokens: 10), settings: Talk.settings("none")))
        #expect(plan.ids == ["u3"])
        #expect(plan.droppedMessages == 6)
        #expect(plan.stableMessages == 0)
        #expect(plan.estimatedTokens == 14)
    }

    @Test func `every policy is found by its name`() {
        #expect(ContextPolicies.names == ["none", "full", "sliding_window", "summarise", "retrieve"])
        for name in ContextPolicies.names {
            #expect(ContextPolicies.named(name).map { type(of: $0).name } == name)
        }
        #expect(ContextPolicies.named("window") == nil)
    }
}
