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

    /// The most tokens that one count may say: 1,000,000,000, a thousand times what any model reads at once. Beyond, a provider
    /// is wrong, and sums of such counts must not overflow.
    package static let countLimitTokens = 1_000_000_000

    /// A provider's count as we take it: within 0 and `countLimitTokens`.
    package static func clamped(count: Int) -> Int { min(max(count, 0), countLimitTokens) }

    /// The sum of two calls' usage (a turn with tools makes several); estimated if either is. A count that does not fit stays at
    /// the largest number.
    package static func + (left: Usage, right: Usage) -> Usage {
        Usage(
            inputTokens: sum(left.inputTokens, right.inputTokens),
            outputTokens: sum(left.outputTokens, right.outputTokens),
            cacheReadTokens: sum(left.cacheReadTokens, right.cacheReadTokens),
            cacheWriteTokens: sum(left.cacheWriteTokens, right.cacheWriteTokens),
            estimated: left.estimated || right.estimated)
    }

    private static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? (left < 0 ? .min : .max) : sum
    }
}
