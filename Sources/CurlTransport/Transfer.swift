import NIOCore

/// A transfer under way, to be used on its event loop.
///
/// Unchecked: what varies is touched only on the event loop; the engine's thread only passes the reference on.
package final class Transfer: @unchecked Sendable {
    private let queue: TransferQueue
    let easy: EasyTransfer
    /// Nil once the transfer has ended or is cancelled: whoever is not there hears nothing.
    private var receiver: (any TransferReceiver)?
    private var hasEnded = false

    init(queue: TransferQueue, receiver: any TransferReceiver) {
        self.queue = queue
        self.easy = EasyTransfer(queue: queue)
        self.receiver = receiver
        easy.target = self
    }

    /// Ends the transfer and closes its connection. The receiver hears nothing after this returns. Idempotent.
    ///
    /// - Parameter whenClosed: called on the event loop once the socket is closed; before this returns where the transfer had
    ///   ended (its connection is then closed, or idle with nothing asked of it).
    package func cancel(whenClosed: (@Sendable () -> Void)? = nil) {
        queue.eventLoop.preconditionInEventLoop()
        receiver = nil
        if hasEnded {
            whenClosed?()
        } else {
            queue.cancel(easy, whenClosed: whenClosed)
        }
    }

    func receive(_ head: ResponseHead) {
        receiver?.received(head)
    }

    func receive(_ body: UnsafeRawBufferPointer) {
        receiver?.received(body)
    }

    func end(_ error: TransferError?) {
        hasEnded = true
        let receiver = self.receiver
        self.receiver = nil
        receiver?.ended(error)
    }
}
