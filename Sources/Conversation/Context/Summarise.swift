/// Sends the last turns word for word and a running summary for what was before them. Where there is no summary yet, or the
/// latest could not be made, what it does not cover is sent as `SlidingWindow` would.
package struct Summarise: ContextPolicy {
    package static let name = "summarise"

    package init() {}

    package func plan(for input: ContextInput) throws(ContextError) -> ContextPlan {
        let composition = ContextComposition(input)
        let exchanges = composition.exchanges
        let steadyScale = input.estimator.calibration.steadyScale
        let window = composition.window(budget: composition.budget)
        if let (summary, covered) = RunningSummary.best(of: input.summaries, for: exchanges) {
            let message = summary.message
            let other = composition.headSize + composition.size(of: message)
            let summarised = exchanges[..<covered].reduce(input.earlierMessages) { $0 + $1.messageCount }
            // A summary that leaves the turns less than half of the budget, as after a change of it, is worth less than they
            // are; so is one that leaves the newest message no room.
            if composition.size(of: message).tokens <= Double(composition.budget) / 2,
                let fit = try? window.fit(
                    Array(exchanges[covered...]), beside: other, steadyScale: steadyScale, turnsBefore: covered)
            {
                return composition.plan(
                    Self.name, from: covered + fit.start, before: message, summarised: summarised,
                    tokens: fit.tokens + other.tokens, budget: composition.budget)
            }
        }
        let fit = try window.fit(exchanges, beside: composition.headSize, steadyScale: steadyScale)
        return composition.plan(
            Self.name, from: fit.start, tokens: fit.tokens + composition.headSize.tokens, budget: composition.budget)
    }
}
