/// What was used on a day.
package struct DailySpending: Hashable, Sendable {
    /// Days since 1970 in UTC.
    package var day: Int
    package var spending: Spending

    package init(day: Int, spending: Spending) {
        self.day = day
        self.spending = spending
    }
}
