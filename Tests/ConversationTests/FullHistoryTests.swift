import Conversation
import Testing

@Suite struct FullHistoryTests {
    @Test func `the whole path is sent as it is`() {
        let path = (1...3).map {
            Message(id: "u\($0)", parent: nil, role: .user, content: [.text("abcd")], createdAt: 0, turn: "t")
        }
        let settings = SessionSettings(system: "abcd", model: "demo", context: .init(budgetTokens: 256))
        let plan = FullHistory().plan(for: path, settings: settings)
        #expect(plan == ContextPlan(messages: path, policy: "full", sentMessages: 3, estimatedTokens: 20))
        // It keeps to no budget, and must not claim so.
        #expect(plan.budgetTokens == nil)
    }

    @Test func `an empty path is an empty plan`() {
        let plan = FullHistory().plan(for: [], settings: SessionSettings(model: "demo"))
        #expect(plan == ContextPlan(messages: [], policy: "full", sentMessages: 0, estimatedTokens: 0))
    }
}
