/// Sends the whole path, whatever its length: the provider says when it is too long.
package struct FullHistory: ContextPolicy {
    package static let name = "full"

    package init() {}

    package func plan(for path: [Message], settings: SessionSettings) -> ContextPlan {
        ContextPlan(
            messages: path, policy: Self.name, sentMessages: path.count,
            estimatedTokens: TokenEstimate.tokens(inPrompt: path, system: settings.system))
    }
}
