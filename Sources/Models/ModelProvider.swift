package import CurlTransport
package import NIOCore

/// Something that answers a conversation with a stream of events.
///
/// Everything about one call happens on one event loop: it is started there, its events arrive there, it is cancelled there.
package protocol ModelProvider: Sendable {
    /// `anthropic`, `openai`, `demo`: names the provider in settings, logs and opaque blocks.
    var name: String { get }
    /// The models that a client may choose from, the default first.
    var models: [String] { get }

    /// Starts a call. `receiver` hears of it only after this function has returned, on `loop`'s event loop.
    func start(_ request: ModelRequest, on loop: ModelLoop, receiver: any ModelEventReceiver) -> any ModelCall

    /// Whether it can count a prompt's tokens without answering it.
    var countsTokens: Bool { get }

    /// Counts the tokens of a prompt as the model will; nil where the provider cannot.
    ///
    /// - Parameter limit: for all of it.
    /// - Throws: `ModelError`; `CancellationError`.
    func countTokens(
        of request: ModelRequest, over transfers: TransferQueue, within limit: Duration
    ) async throws -> Int?
}

extension ModelProvider {
    package var countsTokens: Bool { false }

    package func countTokens(
        of request: ModelRequest, over transfers: TransferQueue, within limit: Duration
    ) async throws -> Int? { nil }
}

/// The event loop that a call lives on, and its way to the network.
package struct ModelLoop: Sendable {
    package let eventLoop: any EventLoop
    package let transfers: TransferQueue

    package init(transfers: TransferQueue) {
        self.eventLoop = transfers.eventLoop
        self.transfers = transfers
    }
}

/// Hears the events of one call, on the call's event loop.
package protocol ModelEventReceiver: AnyObject {
    /// Takes the events of one read. The batch is the caller's: it is emptied after the call returns.
    func receive(_ batch: borrowing ModelEventBatch)
}

/// A call under way.
package protocol ModelCall: AnyObject {
    /// Ends the call: the connection to the provider is closed, so that it stops generating. Nothing is delivered after this
    /// returns. Idempotent, and without effect once the call has ended.
    func cancel()
}
