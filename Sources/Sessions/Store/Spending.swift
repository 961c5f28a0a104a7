/// What model calls used.
package struct Spending: Hashable, Sendable {
    /// How long an owner's sums are kept: 40 days, so that a month can be looked at.
    package static let keptDays = 40

    package var tokens: Int
    /// Millionths of a dollar; 0 where the model's price is not known.
    package var microdollars: Int

    package init(tokens: Int = 0, microdollars: Int = 0) {
        self.tokens = tokens
        self.microdollars = microdollars
    }

    /// The sum, which stops at the greatest number there is.
    package static func + (left: Spending, right: Spending) -> Spending {
        Spending(
            tokens: left.tokens.addingSaturated(right.tokens),
            microdollars: left.microdollars.addingSaturated(right.microdollars))
    }

    package static func += (left: inout Spending, right: Spending) { left = left + right }
}

extension Int {
    fileprivate func addingSaturated(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
