import Hummingbird
import NIOCore
import NIOHTTPTypes

/// The way past Hummingbird's task straight to the connection, for bodies that are written while a model talks: a token goes
/// from the session to the socket within one turn of the event loop.
///
/// It stands in every HTTP connection, in front of Hummingbird's own handlers, and also ends a connection that takes nothing for
/// too long. `@unchecked Sendable`: everything is called on its event loop.
final class HTTPOutlet: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundOut = HTTPResponsePart

    private var context: ChannelHandlerContext?
    private var listener: (any HTTPOutletListener)?
    private var isClosed = false
    private var isQuiescing = false
    private var stallDeadline: Scheduled<Void>?

    /// The outlet of a connection. Called on its event loop.
    static func of(_ channel: any Channel) throws -> HTTPOutlet {
        try channel.pipeline.syncOperations.handler(type: HTTPOutlet.self)
    }

    // MARK: For the listener

    /// Has a listener told what happens; told at once of what has happened before.
    func attach(_ listener: any HTTPOutletListener) {
        if isClosed { return listener.outletClosed() }
        self.listener = listener
        if isQuiescing { listener.outletShouldQuiesce() }
    }

    func detach(_ listener: any HTTPOutletListener) {
        if self.listener === listener { self.listener = nil }
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// Writes a piece of the response's body, behind its head.
    func write(_ piece: ByteBuffer) {
        context?.writeAndFlush(wrapOutboundOut(.body(piece)), promise: nil)
    }

    // MARK: The connection

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        close()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        close()
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stallDeadline?.cancel()
        stallDeadline = nil
        if context.channel.isWritable { listener?.outletBecameWritable() } else { watchStall(context) }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            // Commonly all of the connection is closed then, which shows only when something is written.
            close()
        case is ChannelShouldQuiesceEvent:
            isQuiescing = true
            listener?.outletShouldQuiesce()
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func close() {
        isClosed = true
        stallDeadline?.cancel()
        stallDeadline = nil
        let listener = listener
        self.listener = nil
        listener?.outletClosed()
    }

    /// Closes the connection if its socket takes nothing for too long, as a WebSocket's is.
    private func watchStall(_ context: ChannelHandlerContext) {
        let before = bufferedBytes
        stallDeadline = context.eventLoop.assumeIsolated().scheduleTask(
            in: TimeAmount(ChatConnectionBounds.stalledWait)
        ) {
            if self.bufferedBytes < before {
                self.watchStall(context)
            } else {
                context.close(promise: nil)
            }
        }
    }

    /// What waits for the socket, in bytes.
    private var bufferedBytes: Int {
        (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }
}
