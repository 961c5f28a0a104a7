/// Sends everything up to the budget, and beyond it the last turns: the default. See `ContextWindow` for how it moves.
package struct SlidingWindow: ContextPolicy {
    package static let name = "sliding_window"

    package init() {}

    package func plan(for input: ContextInput) throws(ContextError) -> ContextPlan {
        let composition = ContextComposition(input)
        let fit = try composition.window(budget: composition.budget).fit(
            composition.exchanges, beside: composition.headSize, steadyScale: input.estimator.calibration.steadyScale)
        return composition.plan(
            Self.name, from: fit.start, tokens: fit.tokens + composition.headSize.tokens, budget: composition.budget)
    }
}
