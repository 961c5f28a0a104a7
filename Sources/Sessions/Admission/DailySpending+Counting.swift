extension DailySpending {
    /// What was used on `day`: nothing where that is a later day. Where the clock was set back, the day that had begun goes on.
    package func spent(on day: Int) -> Spending { day > self.day ? Spending() : spending }

    package mutating func add(_ more: Spending, on day: Int) {
        spending = spent(on: day) + more
        self.day = max(self.day, day)
    }
}
