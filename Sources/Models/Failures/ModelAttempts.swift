/// The attempts at one call: the same model again for as long as the policy allows it, then the fallback.
package struct ModelAttempts: Sendable {
    package private(set) var model: String
    private let policy: RetryPolicy
    private var fallback: String?
    /// Of the model that is being asked.
    private var retries = 0
    private var attempt = 0

    /// - Parameter fallback: nil, or the same as `model`: there is none.
    package init(model: String, fallback: String? = nil, policy: RetryPolicy = RetryPolicy()) {
        self.model = model
        self.fallback = fallback == model ? nil : fallback
        self.policy = policy
    }

    /// A call has failed: the next one, or nil where the failure stands.
    package mutating func failed(
        _ error: ModelError, hasSpoken: Bool, using generator: inout some RandomNumberGenerator
    ) -> ModelRetry? {
        switch policy.decision(after: error, retries: retries, hasSpoken: hasSpoken, using: &generator) {
        case .retry(let delay):
            retries += 1
            attempt += 1
            return ModelRetry(attempt: attempt, delay: delay, model: model, isFallback: false, error: error)
        case .giveUp:
            guard !hasSpoken, Self.isTheModels(error), let other = fallback else { return nil }
            fallback = nil
            model = other
            retries = 0
            attempt += 1
            // At once: nobody has asked this model to be left alone.
            return ModelRetry(attempt: attempt, delay: .zero, model: other, isFallback: true, error: error)
        }
    }

    /// Whether another model may do better: what could have passed, and a model that has fallen silent.
    private static func isTheModels(_ error: ModelError) -> Bool {
        RetryPolicy.mayPass(error) || error.code == .stalled
    }
}
