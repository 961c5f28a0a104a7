/// What a turn cost in tokens, as the provider counted it.
package struct Usage: Hashable, Sendable {
    /// Tokens of the prompt that were read at full price: without `cacheReadTokens` and `cacheWriteTokens`.
    package var inputTokens: Int
    package var outputTokens: Int
    /// Tokens of the prompt that came from the provider's prompt cache.
    package var cacheReadTokens: Int
    /// Tokens of the prompt that were written to the provider's prompt cache.
    package var cacheWriteTokens: Int
    /// True where the provider never said, as after a cancel, and the numbers are our estimate.
    package var estimated: Bool

    package init(
        inputTokens: Int = 0, outputTokens: Int = 0, cacheReadTokens: Int = 0, cacheWriteTokens: Int = 0,
        estimated: Bool = false
    ) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.cacheReadTokens = cacheReadTokens
        self.cacheWriteTokens = cacheWriteTokens
        self.estimated = estimated
    }

    /// The sum of two calls' usage (a turn with tools makes several); estimated if either is.
    package static func + (left: Usage, right: Usage) -> Usage {
        Usage(
            inputTokens: left.inputTokens + right.inputTokens,
            outputTokens: left.outputTokens + right.outputTokens,
            cacheReadTokens: left.cacheReadTokens + right.cacheReadTokens,
            cacheWriteTokens: left.cacheWriteTokens + right.cacheWriteTokens,
            estimated: left.estimated || right.estimated)
    }
}
