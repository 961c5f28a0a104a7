/// Prometheus' text format, version 0.0.4.
struct ExpositionText {
    private(set) var text = ""

    /// The lines before a family's samples.
    mutating func begin(_ name: String, type: String, help: String?) {
        if let help {
            let escaped = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
            text += "# HELP \(name) \(escaped)\n"
        }
        text += "# TYPE \(name) \(type)\n"
    }

    mutating func sample(_ name: String, _ labels: String, _ value: String) {
        text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }

    mutating func histogram(_ name: String, _ labels: String, bounds: [Double], _ counts: HistogramSeries.Counts) {
        let before = labels.isEmpty ? "" : labels + ","
        var sum = 0
        // Each bucket counts those below it too.
        for (bound, count) in zip(bounds, counts.buckets) {
            sum += count
            sample("\(name)_bucket", "\(before)le=\"\(Self.number(bound))\"", "\(sum)")
        }
        sample("\(name)_bucket", "\(before)le=\"+Inf\"", "\(counts.count)")
        sample("\(name)_sum", labels, Self.number(counts.sum))
        sample("\(name)_count", labels, "\(counts.count)")
    }

    /// As Go reads it: whole numbers without a fraction, `+Inf`, `-Inf`, `NaN`.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return "\(Int64(value))" }
        return "\(value)"
    }
}
