/// What is known of a metric before anything is measured: its name, what it means, and how it is counted.
package struct MetricFamily: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// Only grows; starts from 0 with the process.
        case counter
        /// Goes up and down.
        case gauge
        /// How often values came that are no larger than each of the bounds, which grow; all others are above the last.
        case histogram(bounds: [Double])
    }

    /// By Prometheus' rules: the unit as a suffix, `_total` for a counter.
    package var name: String
    package var kind: Kind
    /// For a person; nil where another library counts.
    package var help: String?

    package init(_ name: String, _ kind: Kind, help: String?) {
        self.name = name
        self.kind = kind
        self.help = help
    }
}
