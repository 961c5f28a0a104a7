import CoreMetrics

/// What calls to a provider come to: every attempt counts, those too that are made again.
struct ModelCallMetrics: Sendable {
    private let factory: any MetricsFactory
    private let provider: String
    private let calls: Counter
    private let retries: Counter

    /// - Parameter provider: the dialect, by its name.
    init(factory: any MetricsFactory, provider: String) {
        self.factory = factory
        self.provider = provider
        let dimensions = [("provider", provider)]
        calls = Counter(label: "whinchat_provider_calls_total", dimensions: dimensions, factory: factory)
        retries = Counter(label: "whinchat_provider_retries_total", dimensions: dimensions, factory: factory)
    }

    func started() { calls.increment() }

    func retried() { retries.increment() }

    func failed(_ error: ModelError) {
        Counter(
            label: "whinchat_provider_errors_total",
            dimensions: [("provider", provider), ("code", error.code.rawValue)], factory: factory
        ).increment()
    }
}
