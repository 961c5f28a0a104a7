package import Logging
package import NIOCore

// Interface first; the engine follows.

/// All transfers of the process: one thread that drives libcurl's multi interface.
package final class CurlEngine: Sendable {
    package init(logger: Logger) throws {}

    /// The way from one event loop to the engine. What the engine's pass over its sockets brought for one queue crosses to the
    /// loop in one `execute`.
    package func makeQueue(on eventLoop: any EventLoop) -> TransferQueue {
        TransferQueue(eventLoop: eventLoop)
    }

    /// Ends every transfer with `unavailable`, then the thread. Returns when the thread has ended.
    package func shutdown() async {}
}

/// An event loop's way to the engine.
package final class TransferQueue: Sendable {
    package let eventLoop: any EventLoop

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// Starts a transfer. Called on the event loop; `receiver` hears of it on the same loop, after this has returned.
    package func start(_ request: TransferRequest, receiver: any TransferReceiver) -> Transfer {
        Transfer()
    }
}

/// A transfer under way, to be used on its event loop.
package final class Transfer {
    /// Ends the transfer and closes its connection. The receiver hears nothing after this returns. Idempotent.
    ///
    /// - Parameter whenClosed: called on the event loop once the socket is closed (at once where the transfer had ended).
    package func cancel(whenClosed: (@Sendable () -> Void)? = nil) {}
}
