package import NIOCore

/// What a test waited for did not happen in time.
package struct DeadlineExceeded: Error, CustomStringConvertible {
    package let description: String
}

extension EventLoopFuture where Value: Sendable {
    /// Waits for the value, or throws `DeadlineExceeded`. Default 30 s: far more than anything on loopback takes, so that only
    /// what never happens fails.
    package func get(within limit: TimeAmount = .seconds(120), waitingFor what: String) async throws -> Value {
        let promise = eventLoop.makePromise(of: Value.self)
        let alarm = eventLoop.scheduleTask(in: limit) {
            promise.fail(DeadlineExceeded(description: "waited in vain for \(what)"))
        }
        whenComplete { result in
            alarm.cancel()
            promise.completeWith(result)
        }
        return try await promise.futureResult.get()
    }
}
