/// Decides what of a session's history a model gets to see. A policy is a pure function: the same input gives the same plan.
///
/// Every plan starts with a user message and ends with the newest one, holds each tool call together with its result, and
/// holds no message that a provider would refuse. Within the model's window it always stays; within the budget, unless the
/// least number of turns forbids it.
package protocol ContextPolicy: Sendable {
    /// The name by which settings choose it: 1 to 64 characters of `A-Z a-z 0-9 _ -`.
    static var name: String { get }

    /// - Throws: `messageTooLong` where the newest message alone does not fit the model's window.
    func plan(for input: ContextInput) throws(ContextError) -> ContextPlan
}

extension ContextPolicy {
    /// A plan for a model whose window is not known, without tools: nothing is too long then.
    package func plan(for path: [Message], settings: SessionSettings) -> ContextPlan {
        let input = ContextInput(path: path, settings: settings)
        do throws(ContextError) {
            return try self.plan(for: input)
        } catch {
            // Without a window there is no such error; the newest message alone is what could have been sent at least.
            return ContextPlan(
                messages: path.suffix(1), policy: Self.name, sentMessages: 1,
                estimatedTokens: TokenEstimate.tokens(inPrompt: path.suffix(1), system: settings.system))
        }
    }
}
