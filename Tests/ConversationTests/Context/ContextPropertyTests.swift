import Conversation
import Testing

/// Any tree, any head, any settings.
@Suite struct ContextPropertyTests {
    private static let seeds: Range<UInt64> = 0..<400

    @Test(arguments: ContextPolicies.names)
    func `every plan is valid for a provider and within its bounds`(name: String) throws {
        let policy = try #require(ContextPolicies.named(name))
        var refused = 0
        var overBudget = 0
        var dropped = 0
        for seed in Self.seeds {
            var talk = try RandomTalk(seed: seed)
            let input = talk.input(policy: name)
            let plan: ContextPlan
            do throws(ContextError) {
                plan = try policy.plan(for: input)
            } catch {
                guard case .messageTooLong(let tokens, let limit) = error else { continue }
                refused += 1
                #expect(tokens > limit)
                #expect(limit == input.promptLimitTokens)
                continue
            }
            self.expectValid(plan, for: input, "seed \(seed)")
            #expect(plan.policy == name)
            #expect(try policy.plan(for: input) == plan, "a policy is a pure function")
            let counted = input.estimator.tokens(in: plan.messages, head: plan.head)
            #expect(abs(plan.estimatedTokens - counted) <= 1, "seed \(seed)")
            if let limit = input.promptLimitTokens { #expect(plan.estimatedTokens <= limit, "seed \(seed)") }
            if let budget = plan.budgetTokens, plan.estimatedTokens > budget {
                overBudget += 1
                #expect(self.turns(plan, input) <= self.leastTurns(input), "seed \(seed)")
            }
            if plan.droppedMessages > 0 { dropped += 1 }
        }
        // The seeds reach what they are for.
        #expect(refused > 0)
        #expect(dropped > 0)
        if [SlidingWindow.name, Summarise.name, Retrieve.name].contains(name) { #expect(overBudget > 0) }
    }

    private func leastTurns(_ input: ContextInput) -> Int {
        let context = input.settings.context
        return min(
            context.minimumTurns ?? ContextDefaults.minimumTurns, context.turns ?? ContextDefaults.turns)
    }

    /// The turns that are sent word for word.
    private func turns(_ plan: ContextPlan, _ input: ContextInput) -> Int {
        let path = Set(input.path.map(\.id))
        return plan.messages.filter { $0.role == .user && path.contains($0.id) }.count
    }

    private func expectValid(_ plan: ContextPlan, for input: ContextInput, _ comment: Comment) {
        let path = input.path.map(\.id)
        #expect(plan.messages.first?.role == .user, comment)
        #expect(plan.messages.last == input.path.last, comment)
        let sent = plan.ids.filter(Set(path).contains)
        #expect(sent.count == plan.sentMessages, comment)
        // In the path's order, none twice, and what is sent as it is is one stretch of those with something to say.
        let sayable = input.path.filter { $0.sendable != nil }.map(\.id)
        #expect(Array(sayable.drop { $0 != sent.first }) == sent, comment)
        let others = plan.droppedMessages + plan.summarisedMessages + plan.recalledMessages
        let leading = input.path.prefix { $0.role != .user || $0.sendable == nil }.filter { $0.sendable != nil }
        #expect(others + plan.sentMessages == sayable.count - leading.count, comment)
        #expect(plan.droppedMessages >= 0, comment)
        #expect((0...plan.messages.count).contains(plan.stableMessages), comment)
        for message in plan.messages {
            #expect(message.sendable == message, "nothing that no provider takes: \(comment)")
        }
    }

    @Test func `a plan for another branch of the same tree holds nothing of this one`() throws {
        for seed in Self.seeds.prefix(100) {
            var talk = try RandomTalk(seed: seed)
            for policy in ContextPolicies.all {
                let input = talk.input(policy: type(of: policy).name)
                guard let plan = try? policy.plan(for: input) else { continue }
                let path = Set(input.path.map(\.id))
                for id in plan.ids where !id.contains(":") { #expect(path.contains(id)) }
                for id in plan.ids where id.contains(":") {
                    #expect(path.contains(String(id.split(separator: ":")[1])), "\(id) of seed \(seed)")
                }
            }
        }
    }
}
