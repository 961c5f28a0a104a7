import NIOConcurrencyHelpers

/// Counts the WebSockets that are open, so that the end of the server can wait for them to have said goodbye.
package final class OpenConnections: Sendable {
    private struct State {
        var count = 0
        var waiting: [AsyncStream<Never>.Continuation] = []
    }

    private let state = NIOLockedValueBox(State())

    package init() {}

    package var count: Int { state.withLockedValue(\.count) }

    package func opened() {
        state.withLockedValue { $0.count += 1 }
    }

    package func closed() {
        let waiting = state.withLockedValue { state -> [AsyncStream<Never>.Continuation] in
            state.count -= 1
            guard state.count == 0 else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.finish() }
    }

    /// Returns when none is open, or when the task is cancelled.
    package func allClosed() async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        state.withLockedValue { state in
            if state.count == 0 { continuation.finish() } else { state.waiting.append(continuation) }
        }
        for await _ in stream {}
    }
}
