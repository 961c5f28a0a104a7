import CoreMetrics
import NIOConcurrencyHelpers

/// How values are distributed, in buckets with fixed bounds.
final class HistogramSeries: RecorderHandler, TimerHandler {
    struct Counts: Equatable {
        /// For each bound the values up to it and above the one before; then those above all bounds.
        var buckets: [Int]
        var sum = 0.0

        var count: Int { buckets.reduce(0, +) }
    }

    let bounds: [Double]
    // A lock: it is taken once for a turn or a commit, and sum and buckets are to agree.
    private let state: NIOLockedValueBox<Counts>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = NIOLockedValueBox(Counts(buckets: Array(repeating: 0, count: bounds.count + 1)))
    }

    var counts: Counts { state.withLockedValue { $0 } }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        // It would make the sum NaN for good.
        guard !value.isNaN else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLockedValue { counts in
            counts.buckets[bucket] += 1
            counts.sum += value
        }
    }

    /// In the unit that Prometheus wants: seconds.
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
