import NIOCore

/// A call and those that are made in its place. Once one has spoken, what it says goes straight on to the receiver.
///
/// Lives on its event loop, as every call.
final class RetryingModelCall: ModelCall, ModelEventReceiver {
    private let provider: any ModelProvider
    private var request: ModelRequest
    private let loop: ModelLoop
    private var attempts: ModelAttempts
    private let metrics: ModelCallMetrics
    private var receiver: (any ModelEventReceiver)?
    private var call: (any ModelCall)?
    private var waiting: Scheduled<Void>?
    private var hasSpoken = false

    init(
        _ provider: any ModelProvider, _ request: ModelRequest, on loop: ModelLoop, attempts: ModelAttempts,
        metrics: ModelCallMetrics, receiver: any ModelEventReceiver
    ) {
        self.provider = provider
        self.request = request
        self.loop = loop
        self.attempts = attempts
        self.metrics = metrics
        self.receiver = receiver
    }

    func start() {
        metrics.started()
        call = provider.start(request, on: loop, receiver: self)
    }

    func cancel() {
        receiver = nil
        waiting?.cancel()
        waiting = nil
        call?.cancel()
        call = nil
    }

    func receive(_ batch: borrowing ModelEventBatch) {
        guard let receiver else { return }
        if !hasSpoken { hasSpoken = batch.events.contains(where: \.isSpeech) }
        switch batch.events.last {
        case .failed(let error)?:
            metrics.failed(error)
            if !hasSpoken, let retry = next(after: error) { return again(retry, to: receiver) }
            end()
        case .stopped?: end()
        default: break
        }
        receiver.receive(batch)
    }

    /// Whoever hears the end may let go of the call, or hold on to it: it shall not hold on to him.
    private func end() {
        receiver = nil
        call = nil
    }

    private func next(after error: ModelError) -> ModelRetry? {
        var generator = SystemRandomNumberGenerator()
        return attempts.failed(error, hasSpoken: false, using: &generator)
    }

    private func again(_ retry: ModelRetry, to receiver: any ModelEventReceiver) {
        metrics.retried()
        call = nil
        request.model = retry.model
        waiting = loop.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(retry.delay)) {
            self.waiting = nil
            self.start()
        }
        // Last: the receiver may cancel on the spot.
        var notice = ModelEventBatch()
        notice.events = [.retrying(retry)]
        receiver.receive(notice)
    }
}

extension ModelEvent {
    /// Whether it is something of a reply, which no retry can take back.
    fileprivate var isSpeech: Bool {
        switch self {
        case .blockStarted, .delta, .signature, .blockDone, .opaque, .stopped: true
        case .started, .usage, .retrying, .failed: false
        }
    }
}
