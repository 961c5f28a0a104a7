/// Sends each message alone, to see what forgetting is like.
package struct NoHistory: ContextPolicy {
    package static let name = "none"

    package init() {}

    package func plan(for input: ContextInput) throws(ContextError) -> ContextPlan {
        let composition = ContextComposition(input)
        let start = max(0, composition.exchanges.count - 1)
        let fit = try composition.window(turns: 1, minimumTurns: 1, budget: nil).fit(
            Array(composition.exchanges[start...]), beside: composition.headSize,
            steadyScale: input.estimator.calibration.steadyScale)
        var plan = composition.plan(
            Self.name, from: start, tokens: fit.tokens + composition.headSize.tokens, budget: nil)
        // The next message is not this one.
        plan.stableMessages = 0
        return plan
    }
}
