import CoreMetrics
import Prometheus
import Testing

@Suite struct RegistryTests {
    @Test func `the same labels are the same series`() {
        let registry = PrometheusRegistry()
        for _ in 1...3 { Counter(label: "a_total", dimensions: [("k", "v")], factory: registry).increment() }
        #expect(registry.text().contains("a_total{k=\"v\"} 3\n"))
    }

    @Test func `beyond the bound, series are counted together`() {
        let registry = PrometheusRegistry(maximumSeries: 3)
        for number in 1...10 {
            Counter(label: "a_total", dimensions: [("model", "m\(number)"), ("kind", "x")], factory: registry)
                .increment()
        }
        Counter(label: "a_total", dimensions: [("model", "m2"), ("kind", "x")], factory: registry).increment()
        let lines = registry.text().split(separator: "\n").dropFirst()
        #expect(
            Array(lines) == [
                "a_total{model=\"m1\",kind=\"x\"} 1", "a_total{model=\"m2\",kind=\"x\"} 2",
                "a_total{model=\"m3\",kind=\"x\"} 1", "a_total{model=\"other\",kind=\"other\"} 7",
            ])
    }

    @Test func `names that other libraries choose are made valid`() {
        let registry = PrometheusRegistry()
        Counter(
            label: "http.server/requests", dimensions: [("http.method", "GET"), ("http_method", "lost"), ("1st", "x")],
            factory: registry
        ).increment()
        Recorder(label: "2fast", dimensions: [("le", "mine")], factory: registry).record(1)
        let text = registry.text()
        #expect(text.contains("http_server_requests{http_method=\"GET\",_1st=\"x\"} 1\n"))
        #expect(text.contains("_2fast_count 1\n") && !text.contains("mine"))
    }

    @Test func `a name that is taken by another kind is not counted`() {
        let registry = PrometheusRegistry()
        Counter(label: "a", factory: registry).increment(by: 7)
        Gauge(label: "a", factory: registry).record(1)
        Timer(label: "a", factory: registry).recordNanoseconds(1)
        #expect(registry.text() == "# TYPE a counter\na 7\n")
    }

    @Test func `a counter never falls, a meter goes both ways`() {
        let registry = PrometheusRegistry()
        let counter = Counter(label: "a_total", factory: registry)
        counter.increment(by: 5)
        counter.increment(by: -2)
        let meter = Meter(label: "m", factory: registry)
        meter.set(4)
        meter.decrement(by: 1.5)
        #expect(registry.text().contains("a_total 5\n") && registry.text().contains("m 2.5\n"))
    }

    @Test func `what is destroyed is gone`() {
        let registry = PrometheusRegistry()
        let counter = Counter(label: "a_total", factory: registry)
        counter.increment()
        counter.destroy()
        #expect(registry.text().isEmpty)
    }

    @Test func `counting from many tasks loses nothing`() async {
        let registry = PrometheusRegistry(families: [MetricFamily("t_seconds", .histogram(bounds: [1]), help: nil)])
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<1_000 {
                        let kind = "\((task + number) % 4)"
                        Counter(label: "a_total", dimensions: [("k", kind)], factory: registry).increment()
                        Timer(label: "t_seconds", factory: registry).recordNanoseconds(1)
                    }
                }
            }
        }
        let text = registry.text()
        for kind in 0..<4 { #expect(text.contains("a_total{k=\"\(kind)\"} 2000\n")) }
        #expect(text.contains("t_seconds_count 8000\n"))
    }
}
