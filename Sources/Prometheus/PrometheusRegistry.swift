package import CoreMetrics
import NIOConcurrencyHelpers

/// All metrics of one server, and their text for Prometheus.
///
/// What is counted often is made once and kept: making looks it up under a lock. Labels with values from outside are bounded:
/// once a family has as many series as it may, further ones are counted together, each of their labels being `other`.
package final class PrometheusRegistry: MetricsFactory, Sendable {
    /// Series of one family, each with its labels. 200: a route, a method and a status have some dozens, and a server that has
    /// hundreds of models is told apart by the first ones.
    package static let maximumSeries = 200
    /// Families. 500: ours are some dozens, and what other libraries count comes on top.
    static let maximumFamilies = 500
    /// For durations that other libraries measure, in seconds: Prometheus' own default.
    static let usualBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    fileprivate enum Series {
        case counter(CounterSeries)
        case gauge(GaugeSeries)
        case histogram(HistogramSeries)
    }

    private struct Family {
        var kind: MetricFamily.Kind
        var help: String?
        /// By their labels' text.
        var series: [String: Series] = [:]
    }

    private let maximumSeries: Int
    private let state: NIOLockedValueBox<[String: Family]>

    /// - Parameter families: those that are known; others come by being counted, without a help text.
    package init(families: [MetricFamily] = [], maximumSeries: Int = PrometheusRegistry.maximumSeries) {
        self.maximumSeries = maximumSeries
        let known = families.map { ($0.name, Family(kind: $0.kind, help: $0.help)) }
        state = NIOLockedValueBox(Dictionary(known, uniquingKeysWith: { first, _ in first }))
    }

    // MARK: The text

    /// Everything as it is now.
    ///
    /// - Parameter samples: what is looked up for this; it takes the place of a series of the same name and labels.
    package func text(adding samples: [MetricSample] = []) -> String {
        var families = state.withLockedValue { $0 }
        for sample in samples {
            let gauge = GaugeSeries()
            gauge.set(sample.value)
            let labels = MetricLabels(sample.labels).text
            families[sample.name, default: Family(kind: .gauge)].series[labels] = .gauge(gauge)
        }
        var text = ExpositionText()
        for (name, family) in families.sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
            text.begin(name, type: family.kind.word, help: family.help)
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                switch series {
                case .counter(let counter): text.sample(name, labels, "\(counter.value)")
                case .gauge(let gauge): text.sample(name, labels, ExpositionText.number(gauge.value))
                case .histogram(let histogram):
                    text.histogram(name, labels, bounds: histogram.bounds, histogram.counts)
                }
            }
        }
        return text.text
    }

    // MARK: MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let series = series(label, dimensions, .counter) { _ in .counter(CounterSeries()) }
        if case .counter(let counter) = series { return counter }
        return CounterSeries()
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        aggregate ? histogram(label, dimensions) : gauge(label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeSeries {
        let series = series(label, dimensions, .gauge) { _ in .gauge(GaugeSeries()) }
        if case .gauge(let gauge) = series { return gauge }
        return GaugeSeries()
    }

    private func histogram(_ label: String, _ dimensions: [(String, String)]) -> HistogramSeries {
        let series = series(label, dimensions, .histogram(bounds: Self.usualBounds)) { kind in
            guard case .histogram(let bounds) = kind else { return nil }
            return .histogram(HistogramSeries(bounds: bounds))
        }
        if case .histogram(let histogram) = series { return histogram }
        return HistogramSeries(bounds: Self.usualBounds)
    }

    /// The series of a family with these labels; nil where the name is taken by another kind, or there are too many families.
    private func series(
        _ label: String, _ dimensions: [(String, String)], _ kind: MetricFamily.Kind,
        make: (MetricFamily.Kind) -> Series?
    ) -> Series? {
        let name = MetricName.valid(label)
        let isHistogram = kind.word == MetricFamily.Kind.histogram(bounds: []).word
        let labels = MetricLabels(dimensions, isHistogram: isHistogram).text
        return state.withLockedValue { families in
            guard families[name] != nil || families.count < Self.maximumFamilies else { return nil }
            var family = families[name] ?? Family(kind: kind)
            guard family.kind.word == kind.word else { return nil }
            var key = labels
            if family.series[key] == nil, family.series.count >= maximumSeries {
                key = MetricLabels(dimensions.map { ($0.0, "other") }, isHistogram: isHistogram).text
            }
            if let series = family.series[key] { return series }
            guard let series = make(family.kind) else { return nil }
            family.series[key] = series
            families[name] = family
            return series
        }
    }

    private func remove(_ handler: AnyObject) {
        state.withLockedValue { families in
            for (name, family) in families {
                for (labels, series) in family.series where series.handler === handler {
                    families[name]?.series[labels] = nil
                }
            }
        }
    }
}

extension PrometheusRegistry.Series {
    fileprivate var handler: AnyObject {
        switch self {
        case .counter(let counter): counter
        case .gauge(let gauge): gauge
        case .histogram(let histogram): histogram
        }
    }
}

extension MetricFamily.Kind {
    /// As the `TYPE` line says it.
    var word: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }
}
