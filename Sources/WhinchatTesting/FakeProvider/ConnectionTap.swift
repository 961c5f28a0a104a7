import Glibc
import NIOCore

/// Sits next to the socket, below TLS, and sees how the peer leaves.
///
/// Touched only on the channel's event loop, hence unchecked.
final class ConnectionTap: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    let departure: EventLoopPromise<Departure>
    var isEndedByProvider = false
    private var context: ChannelHandlerContext?
    private var seen: Departure?

    init(eventLoop: any EventLoop) {
        departure = eventLoop.makePromise()
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        departure.succeed(seen ?? Departure(manner: .fin, moment: .now()))
    }

    func closeBelowTLS() {
        isEndedByProvider = true
        context?.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, error.errnoCode == ECONNRESET || error.errnoCode == EPIPE { note(.reset) }
        context.fireErrorCaught(error)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // A close from above that we did not ask for is NIOSSL's answer to the peer's close_notify.
        note(isEndedByProvider ? .byProvider : .closeNotify)
        context.close(mode: mode, promise: promise)
    }

    func channelInactive(context: ChannelHandlerContext) {
        note(isEndedByProvider ? .byProvider : .fin)
        if let seen { departure.succeed(seen) }
        context.fireChannelInactive()
    }

    private func note(_ manner: Departure.Manner) {
        if seen == nil { seen = Departure(manner: manner, moment: .now()) }
    }
}
