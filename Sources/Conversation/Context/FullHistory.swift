/// Sends the whole path, whatever its length. Where the model's window is known and too small for it, the oldest turns are
/// dropped in steps; where it is not known, the provider says when it is too long.
package struct FullHistory: ContextPolicy {
    package static let name = "full"

    package init() {}

    package func plan(for input: ContextInput) throws(ContextError) -> ContextPlan {
        let composition = ContextComposition(input)
        let fit = try composition.window(turns: .max, minimumTurns: 1, budget: nil).fit(
            composition.exchanges, beside: composition.headSize, steadyScale: input.estimator.calibration.steadyScale)
        return composition.plan(
            Self.name, from: fit.start, tokens: fit.tokens + composition.headSize.tokens, budget: nil)
    }
}
