import NIOCore

extension TransferQueue {
    /// Fetches a whole response, whatever its status. Cancelling the task closes the connection.
    ///
    /// - Parameters:
    ///   - bodyLimitBytes: default 256 KiB: far more than any answer that a tool wants.
    ///   - limit: for all of it. Default 10 s.
    /// - Throws: `FetchError`, `CancellationError`.
    package func fetch(
        _ request: TransferRequest, bodyLimitBytes: Int = 256 * 1024, within limit: Duration = .seconds(10)
    ) async throws -> FetchedResponse {
        let promise = eventLoop.makePromise(of: FetchedResponse.self)
        let fetch = Fetch(promise: promise, bodyLimitBytes: bodyLimitBytes)
        return try await withTaskCancellationHandler {
            // `execute` keeps the order: a cancellation comes after the start.
            eventLoop.execute { fetch.start(request, over: self, within: limit) }
            return try await promise.futureResult.get()
        } onCancel: {
            eventLoop.execute { fetch.end(.failure(CancellationError())) }
        }
    }
}

/// Collects one response. Unchecked: touched only on the event loop.
private final class Fetch: TransferReceiver, @unchecked Sendable {
    private var promise: EventLoopPromise<FetchedResponse>?
    private let bodyLimitBytes: Int
    private var transfer: Transfer?
    private var alarm: Scheduled<Void>?
    private var response: FetchedResponse?

    init(promise: EventLoopPromise<FetchedResponse>, bodyLimitBytes: Int) {
        self.promise = promise
        self.bodyLimitBytes = bodyLimitBytes
    }

    func start(_ request: TransferRequest, over queue: TransferQueue, within limit: Duration) {
        // Cancelled before it began.
        guard promise != nil else { return }
        alarm = queue.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) {
            self.end(.failure(FetchError.timeout(limit)))
        }
        transfer = queue.start(request, receiver: self)
    }

    func received(_ head: ResponseHead) {
        response = FetchedResponse(head: head, body: [])
    }

    func received(_ body: UnsafeRawBufferPointer) {
        let count = (response?.body.count ?? 0) + body.count
        guard count <= bodyLimitBytes else {
            return end(.failure(FetchError.tooLarge(limitBytes: bodyLimitBytes)))
        }
        response?.body.append(contentsOf: body)
    }

    func ended(_ error: TransferError?) {
        if let error { return end(.failure(FetchError.transfer(error))) }
        guard let response else {
            let error = TransferError(.truncated, message: "The server sent no response.")
            return end(.failure(FetchError.transfer(error)))
        }
        end(.success(response))
    }

    func end(_ result: Result<FetchedResponse, any Error>) {
        promise?.completeWith(result)
        promise = nil
        alarm?.cancel()
        alarm = nil
        transfer?.cancel()
        transfer = nil
    }
}
