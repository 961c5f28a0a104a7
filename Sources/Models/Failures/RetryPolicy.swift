/// Whether a call to a model that has failed is made again, and when. A pure rule: it waits for nothing itself.
package struct RetryPolicy: Hashable, Sendable {
    package enum Decision: Hashable, Sendable {
        case retry(after: Duration)
        case giveUp
    }

    /// Calls beyond the first one, for each model. Default 3: with the delays below a person waits for some seconds, which
    /// is what most bursts of a provider's load take.
    package var maximumRetries: Int
    /// The bound of the first delay; each later one's is twice as much. Default 500 ms, as the vendors' own SDKs have it.
    package var firstDelay: Duration
    /// The bound of every delay. Default 8 s: somebody is waiting for an answer.
    package var longestDelay: Duration
    /// The longest `retry-after` that is waited for. Default 60 s, as in the vendors' SDKs. Where the provider asks for
    /// more there is no retry: one that comes sooner would be refused again.
    package var longestRetryAfter: Duration

    package init(
        maximumRetries: Int = 3, firstDelay: Duration = .milliseconds(500), longestDelay: Duration = .seconds(8),
        longestRetryAfter: Duration = .seconds(60)
    ) {
        self.maximumRetries = max(0, maximumRetries)
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
        self.longestRetryAfter = longestRetryAfter
    }

    /// - Parameters:
    ///   - retries: how often the model has been called again already.
    ///   - hasSpoken: whether anything of a reply has come. Then there is never a retry: what has been said cannot be unsaid,
    ///     and another reply would not go on from it.
    ///   - generator: for the jitter.
    package func decision(
        after error: ModelError, retries: Int, hasSpoken: Bool, using generator: inout some RandomNumberGenerator
    ) -> Decision {
        guard !hasSpoken, retries < maximumRetries, Self.mayPass(error) else { return .giveUp }
        let asked = error.retryAfter ?? .zero
        guard asked <= longestRetryAfter else { return .giveUp }
        // Not before the provider's time, and not everybody at that very moment.
        return .retry(after: asked + jittered(delayBound(retries), using: &generator))
    }

    /// Whether the same request may well succeed a little later: 429, 529 and other 5xx, and where no answer came at all.
    ///
    /// Every other 4xx is about the request itself. A provider that has stalled has had its minute, and so has the person.
    package static func mayPass(_ error: ModelError) -> Bool {
        guard error.retryable else { return false }
        if let status = error.status { return status == 429 || status >= 500 }
        return switch error.code {
        case .unreachable, .timeout, .truncated, .rateLimited, .overloaded: true
        case .stalled, .rejected, .auth, .malformed, .internal: false
        }
    }

    /// The most that is waited before the retry after so many: it doubles, up to `longestDelay`.
    func delayBound(_ retries: Int) -> Duration {
        var bound = firstDelay
        for _ in 0..<retries where bound < longestDelay { bound = bound * 2 }
        return min(bound, longestDelay)
    }

    /// "Full jitter": anything from nothing to the bound, which spreads the clients of a provider that comes back best
    /// (Brooker 2015, "Exponential Backoff And Jitter").
    private func jittered(_ bound: Duration, using generator: inout some RandomNumberGenerator) -> Duration {
        let (seconds, attoseconds) = bound.components
        guard seconds < 86_400 else { return bound }
        let microseconds = max(0, seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
        return .microseconds(Int64.random(in: 0...microseconds, using: &generator))
    }
}
