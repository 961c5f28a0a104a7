import NIOCore

/// Notices that nothing has come for a while. It is asked at intervals, so that hearing something costs one store, and no
/// look at a clock: bytes come thousands of times a second.
struct StallClock {
    /// How many intervals a stall lasts: it is noticed at most an eighth of the time late.
    private static let intervals = 8

    /// Between two calls of `tick`.
    let interval: TimeAmount
    private var silentTicks = 0

    init(limit: Duration) {
        interval = max(TimeAmount(limit / Self.intervals), .milliseconds(1))
    }

    mutating func heard() { silentTicks = 0 }

    /// An interval has passed: whether nothing was heard for the whole time.
    mutating func tick() -> Bool {
        silentTicks += 1
        // What was heard last may have come right before the first of these ticks.
        return silentTicks > Self.intervals
    }
}
