package import CoreMetrics
package import CurlTransport

/// A provider whose calls are made again where they fail before they have said anything.
///
/// Its calls report each retry as `ModelEvent.retrying`; all else they say is what the provider's calls say.
package struct RetryingProvider: ModelProvider {
    private let provider: any ModelProvider
    private let policy: RetryPolicy
    private let fallbackModel: String?
    private let metrics: ModelCallMetrics

    package var name: String { provider.name }
    package var models: [String] { provider.models }

    /// - Parameters:
    ///   - fallbackModel: another model of the same provider, asked when the first one's retries are used up.
    ///   - metrics: where calls, retries and failures are counted.
    package init(
        _ provider: any ModelProvider, policy: RetryPolicy = RetryPolicy(), fallbackModel: String? = nil,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance
    ) {
        self.metrics = ModelCallMetrics(factory: metrics, provider: provider.name)
        self.provider = provider
        self.policy = policy
        self.fallbackModel = fallbackModel
    }

    package func start(
        _ request: ModelRequest, on loop: ModelLoop, receiver: any ModelEventReceiver
    ) -> any ModelCall {
        let attempts = ModelAttempts(model: request.model, fallback: fallbackModel, policy: policy)
        let call = RetryingModelCall(
            provider, request, on: loop, attempts: attempts, metrics: metrics, receiver: receiver)
        call.start()
        return call
    }

    package var countsTokens: Bool { provider.countsTokens }

    /// Not made again where it fails: an estimate does as well.
    package func countTokens(
        of request: ModelRequest, over transfers: TransferQueue, within limit: Duration
    ) async throws -> Int? {
        try await provider.countTokens(of: request, over: transfers, within: limit)
    }
}
