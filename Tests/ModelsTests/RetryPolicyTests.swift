import Models
import Testing

@Suite struct RetryPolicyTests {
    private func error(
        _ code: ModelError.Code = .overloaded, retryable: Bool = true, retryAfter: Duration? = nil, status: Int? = nil
    ) -> ModelError {
        ModelError(code, message: "x", retryable: retryable, retryAfter: retryAfter, status: status)
    }

    private func decide(
        _ error: ModelError, retries: Int = 0, hasSpoken: Bool = false, policy: RetryPolicy = RetryPolicy(),
        seed: UInt64 = 1
    ) -> RetryPolicy.Decision {
        var generator = SeededGenerator(seed: seed)
        return policy.decision(after: error, retries: retries, hasSpoken: hasSpoken, using: &generator)
    }

    private func delay(_ decision: RetryPolicy.Decision) -> Duration? {
        if case .retry(let delay) = decision { delay } else { nil }
    }

    @Test(
        arguments: [
            (ModelError.Code.rateLimited, 429), (.overloaded, 529), (.overloaded, 500), (.overloaded, 502),
            (.overloaded, 503), (.timeout, 504), (.unreachable, nil), (.timeout, nil), (.truncated, nil),
            (.overloaded, nil), (.rateLimited, nil),
        ] as [(ModelError.Code, Int?)])
    func `what may pass is tried again`(code: ModelError.Code, status: Int?) {
        #expect(delay(decide(error(code, status: status))) != nil)
    }

    @Test(
        arguments: [
            (ModelError.Code.timeout, 408, true), (.rejected, 400, false), (.rejected, 404, false), (.auth, 401, false),
            (.auth, 403, false), (.rejected, 413, false), (.rejected, 422, false), (.stalled, nil, true),
            (.malformed, nil, false), (.internal, nil, true), (.unreachable, nil, false), (.rateLimited, 429, false),
        ] as [(ModelError.Code, Int?, Bool)])
    func `what will not pass is not tried again`(code: ModelError.Code, status: Int?, retryable: Bool) {
        #expect(decide(error(code, retryable: retryable, status: status)) == .giveUp)
    }

    @Test func `after the first word there is no retry`() {
        #expect(decide(error(status: 529), hasSpoken: true) == .giveUp)
    }

    @Test func `there are as many retries as are set`() {
        let policy = RetryPolicy(maximumRetries: 2)
        #expect(delay(decide(error(), retries: 1, policy: policy)) != nil)
        #expect(decide(error(), retries: 2, policy: policy) == .giveUp)
        #expect(decide(error(), policy: RetryPolicy(maximumRetries: 0)) == .giveUp)
    }

    @Test func `delays are anywhere between nothing and a bound that doubles up to the longest`() {
        let policy = RetryPolicy(maximumRetries: 100, firstDelay: .milliseconds(500), longestDelay: .seconds(8))
        for (retries, bound) in [(0, 500), (1, 1000), (2, 2000), (3, 4000), (4, 8000), (5, 8000), (99, 8000)] {
            let bound = Duration.milliseconds(bound)
            let delays = (0..<200).compactMap { delay(decide(error(), retries: retries, policy: policy, seed: $0)) }
            #expect(delays.count == 200)
            #expect(delays.allSatisfy { $0 >= .zero && $0 <= bound })
            // Full jitter reaches into both ends.
            #expect(delays.contains { $0 < bound / 10 })
            #expect(delays.contains { $0 > bound / 10 * 9 })
        }
    }

    @Test func `the provider's time is waited out, and not by everybody to the same moment`() {
        let asked = error(.rateLimited, retryAfter: .seconds(20), status: 429)
        let delays = (0..<50).compactMap { delay(decide(asked, seed: $0)) }
        #expect(delays.allSatisfy { $0 >= .seconds(20) && $0 <= .milliseconds(20_500) })
        #expect(Set(delays).count > 10)
    }

    @Test func `a time longer than anybody waits ends the retries`() {
        #expect(delay(decide(error(retryAfter: .seconds(60), status: 429))) != nil)
        #expect(decide(error(retryAfter: .seconds(61), status: 429)) == .giveUp)
    }

    // MARK: The fallback

    @Test func `when the retries are used up the other model is asked, with retries of its own`() {
        var generator = SeededGenerator(seed: 1)
        var attempts = ModelAttempts(model: "a", fallback: "b", policy: RetryPolicy(maximumRetries: 1))
        let retries = (0..<4).map { _ in attempts.failed(error(), hasSpoken: false, using: &generator) }
        #expect(retries.map { $0?.model } == ["a", "b", "b", nil])
        #expect(retries.map { $0?.isFallback } == [false, true, false, nil])
        #expect(retries.map { $0?.attempt } == [1, 2, 3, nil])
        #expect(retries[1]?.delay == .zero)
    }

    @Test func `a model that fell silent or asks for too long a wait is left at once`() {
        for trouble in [error(.stalled), error(.rateLimited, retryAfter: .seconds(600), status: 429)] {
            var generator = SeededGenerator(seed: 1)
            var attempts = ModelAttempts(model: "a", fallback: "b")
            let retry = attempts.failed(trouble, hasSpoken: false, using: &generator)
            #expect(retry?.model == "b")
            #expect(retry?.error == trouble)
        }
    }

    @Test(arguments: [
        ModelError(.auth, message: "x", retryable: false, status: 401),
        ModelError(.rejected, message: "x", retryable: false, status: 400),
        ModelError(.rateLimited, message: "no credit", retryable: false, status: 429),
    ])
    func `what another model would not cure is not taken to it`(error: ModelError) {
        var generator = SeededGenerator(seed: 1)
        var attempts = ModelAttempts(model: "a", fallback: "b")
        #expect(attempts.failed(error, hasSpoken: false, using: &generator) == nil)
    }

    @Test func `a reply that has begun is not taken to another model`() {
        var generator = SeededGenerator(seed: 1)
        var attempts = ModelAttempts(model: "a", fallback: "b")
        #expect(attempts.failed(error(), hasSpoken: true, using: &generator) == nil)
    }

    @Test func `a model is no fallback of its own`() {
        var generator = SeededGenerator(seed: 1)
        var attempts = ModelAttempts(model: "a", fallback: "a", policy: RetryPolicy(maximumRetries: 0))
        #expect(attempts.failed(error(), hasSpoken: false, using: &generator) == nil)
    }
}
