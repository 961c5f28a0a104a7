import CoreMetrics
import NIOConcurrencyHelpers

/// One value that goes up and down.
final class GaugeSeries: RecorderHandler, MeterHandler {
    private let state = NIOLockedValueBox(0.0)

    var value: Double { state.withLockedValue { $0 } }

    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { state.withLockedValue { $0 = value } }
    func increment(by amount: Double) { state.withLockedValue { $0 += amount } }
    func decrement(by amount: Double) { state.withLockedValue { $0 -= amount } }
}
