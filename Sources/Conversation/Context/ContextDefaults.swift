/// What the policies take where a session's settings say nothing.
package enum ContextDefaults {
    /// Tokens. Some 35,000 words: a long evening's chat, yet a quarter of the smallest window of the large models, and where
    /// answers are still quick and to the point.
    package static let budgetTokens = 50_000
    /// Turns. What people refer back to without saying so is mostly within the last ten.
    package static let turns = 10
    /// Turns. The newest message and the exchange before it, without which "make that shorter" means nothing.
    package static let minimumTurns = 2
    /// Exchanges. With more the model is told more that only looks alike than what matters.
    package static let recall = 4
    /// Tokens: kept for a reply where the settings set no `max_tokens`; what the Anthropic provider asks for then.
    package static let replyTokens = 8_192
}
