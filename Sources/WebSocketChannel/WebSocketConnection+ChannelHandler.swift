package import NIOCore
import WebSocket

extension WebSocketConnection: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = Never
    package typealias OutboundIn = Never
    package typealias OutboundOut = ByteBuffer

    package func handlerAdded(context: ChannelHandlerContext) {
        self.joined(context)
        if context.channel.isActive { self.start() }
    }

    package func channelActive(context: ChannelHandlerContext) {
        self.start()
        context.fireChannelActive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        self.isInRead = true
        while true {
            let action = self.machine.received(&bytes)
            guard action != .none else { return }
            self.perform(action)
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        self.readCompleted()
        context.fireChannelReadComplete()
    }

    /// Flushes what the messages of one read have caused.
    func readCompleted() {
        self.isInRead = false
        self.flush()
    }

    package func read(context: ChannelHandlerContext) {
        self.readRequested(context)
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.writabilityChanged()
        context.fireChannelWritabilityChanged()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            self.delegate?.webSocketShouldQuiesce(self)
        case ChannelEvent.inputClosed:
            self.transportEnded()
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A socket that failed: there is nobody left to tell why.
        self.transportEnded()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        self.transportEnded()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.left()
    }
}
