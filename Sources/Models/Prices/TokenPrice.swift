package import Conversation

/// What a model's tokens cost, in microdollars (millionths of a US dollar) for a million of them: the number that is one
/// token's price in millionths of a microdollar.
///
/// None are built in: providers change them, and a wrong price is worse than none.
package struct TokenPrice: Hashable, Sendable {
    package var input: Int
    package var output: Int
    package var cacheRead: Int
    package var cacheWrite: Int

    /// The highest price in US dollars for a million tokens. 10,000: some ten times the dearest that was ever asked, and sums
    /// of a day stay far from what an integer holds.
    package static let maximumDollars = 10_000

    /// - Parameters:
    ///   - cacheRead, cacheWrite: where nil, as `input`.
    package init(input: Int, output: Int, cacheRead: Int? = nil, cacheWrite: Int? = nil) {
        self.input = input
        self.output = output
        self.cacheRead = cacheRead ?? input
        self.cacheWrite = cacheWrite ?? input
    }

    /// Two or four prices in US dollars for a million tokens: `3/15` or `3/15/0.30/3.75`, for input, output, and what the
    /// prompt cache gave and took.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let prices = parts.compactMap { Dollars.microdollars($0) }
        guard prices.count == parts.count, prices.count == 2 || prices.count == 4,
            prices.allSatisfy({ $0 <= Self.maximumDollars * Dollars.microdollarsEach })
        else { return nil }
        self.init(
            input: prices[0], output: prices[1], cacheRead: prices.count == 4 ? prices[2] : nil,
            cacheWrite: prices.count == 4 ? prices[3] : nil)
    }

    /// What a turn cost in microdollars, a begun one counted whole.
    package func microdollars(for usage: Usage) -> Int {
        let parts = [
            (usage.inputTokens, input), (usage.outputTokens, output), (usage.cacheReadTokens, cacheRead),
            (usage.cacheWriteTokens, cacheWrite),
        ]
        var sum = 0
        for (tokens, price) in parts {
            let (product, overflow) = max(0, tokens).multipliedReportingOverflow(by: price)
            let (added, overflows) = sum.addingReportingOverflow(product)
            if overflow || overflows { return .max / 1_000_000 }
            sum = added
        }
        return sum / 1_000_000 + (sum % 1_000_000 > 0 ? 1 : 0)
    }
}
