import CoreMetrics
import Prometheus
import Testing

/// The text format, version 0.0.4, as Prometheus' "Exposition formats" describes it.
@Suite struct ExpositionTests {
    @Test func `a family has its help, its type and its series in a stable order`() {
        let registry = PrometheusRegistry(families: [
            MetricFamily("b_total", .counter, help: "Second."), MetricFamily("a", .gauge, help: "First."),
            MetricFamily("never_seen", .gauge, help: "Nothing."),
        ])
        Counter(label: "b_total", dimensions: [("code", "z")], factory: registry).increment(by: 2)
        Counter(label: "b_total", dimensions: [("code", "y"), ("by", "peer")], factory: registry).increment()
        Gauge(label: "a", factory: registry).record(1.5)
        #expect(
            registry.text() == """
                # HELP a First.
                # TYPE a gauge
                a 1.5
                # HELP b_total Second.
                # TYPE b_total counter
                b_total{code="y",by="peer"} 1
                b_total{code="z"} 2

                """)
    }

    @Test func `what would end a label or a line is escaped`() {
        let registry = PrometheusRegistry(families: [
            MetricFamily("a_total", .counter, help: "One \\ two\nthree \"four\".")
        ])
        Counter(label: "a_total", dimensions: [("model", "a\"b\\c\nd")], factory: registry).increment()
        #expect(
            registry.text() == #"""
                # HELP a_total One \\ two\nthree "four".
                # TYPE a_total counter
                a_total{model="a\"b\\c\nd"} 1

                """#)
    }

    @Test func `buckets count all that is below them, and a value on a bound is below it`() {
        let registry = PrometheusRegistry(families: [
            MetricFamily("t_seconds", .histogram(bounds: [0.1, 0.5, 1]), help: nil)
        ])
        let timer = Timer(label: "t_seconds", dimensions: [("kind", "x")], factory: registry)
        for nanoseconds in [50_000_000, 100_000_000, 250_000_000, 2_000_000_000] as [Int64] {
            timer.recordNanoseconds(nanoseconds)
        }
        #expect(
            registry.text() == """
                # TYPE t_seconds histogram
                t_seconds_bucket{kind="x",le="0.1"} 2
                t_seconds_bucket{kind="x",le="0.5"} 3
                t_seconds_bucket{kind="x",le="1"} 3
                t_seconds_bucket{kind="x",le="+Inf"} 4
                t_seconds_sum{kind="x"} 2.4
                t_seconds_count{kind="x"} 4

                """)
    }

    @Test func `numbers are written as Go reads them`() {
        let text = PrometheusRegistry().text(adding: [
            MetricSample("a", [], .infinity), MetricSample("b", [], -.infinity), MetricSample("c", [], .nan),
            MetricSample("d", [], 1_234_567_890), MetricSample("e", [], 0.000_01), MetricSample("f", [], 1e300),
        ])
        let values = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(values == ["a +Inf", "b -Inf", "c NaN", "d 1234567890", "e 1e-05", "f 1e+300"])
    }

    @Test func `what is looked up stands among what is counted, under its family's type`() {
        let registry = PrometheusRegistry(families: [MetricFamily("cpu_total", .counter, help: "CPU.")])
        let text = registry.text(adding: [MetricSample("cpu_total", [], 2.5), MetricSample("s", [("state", "on")], 3)])
        #expect(text.contains("# TYPE cpu_total counter\ncpu_total 2.5\n"))
        #expect(text.contains("# TYPE s gauge\ns{state=\"on\"} 3\n"))
        #expect(registry.text().isEmpty, "it is gone with the text")
    }
}
