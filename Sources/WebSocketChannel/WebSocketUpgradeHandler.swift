import NIOCore
import NIOHTTP1
import WebSocket

/// Sits behind the HTTP/1 decoder of a fresh channel and makes of it what the first request asks for.
///
/// Only the first request of a connection may become a WebSocket: browsers open one of their own for it. A proxy may
/// put one on a connection to us that it has kept alive; that connection is closed without a response, upon which
/// proxies send the request again on a fresh one, as they do whenever a kept connection turns out to be closed
/// (RFC 9112 §9.3.1).
final class WebSocketUpgradeHandler<HTTP: Sendable>: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case awaitingHead
        /// Accepted; the request's end is awaited.
        case upgrading(HTTPHeaders, WebSocketConfiguration, (any Channel) -> any WebSocketDelegate)
        /// HTTP has taken over, later requests pass.
        case passing
        /// Refused, upgraded or gone.
        case done
    }

    /// 5 s for a peer that was refused to read why and end its side.
    private static var refusalWait: TimeAmount { .seconds(5) }

    let result: EventLoopPromise<UpgradeResult<HTTP>>
    private let encoder: HTTPResponseEncoder
    private let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    private let headTimeout: Duration
    private let decide: @Sendable (HTTPRequestHead) -> UpgradeDecision
    private let http: @Sendable (any Channel) throws -> HTTP
    private var state = State.awaitingHead
    /// The wait for a head, or for a refused peer to leave.
    private var timer: Scheduled<Void>?

    init(
        encoder: HTTPResponseEncoder, decoder: ByteToMessageHandler<HTTPRequestDecoder>, headTimeout: Duration,
        decide: @escaping @Sendable (HTTPRequestHead) -> UpgradeDecision,
        http: @escaping @Sendable (any Channel) throws -> HTTP,
        result: EventLoopPromise<UpgradeResult<HTTP>>
    ) {
        self.encoder = encoder
        self.decoder = decoder
        self.headTimeout = headTimeout
        self.decide = decide
        self.http = http
        self.result = result
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.closeAfter(TimeAmount(self.headTimeout), context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (self.state, self.unwrapInboundIn(data)) {
        case (.awaitingHead, .head(let head)):
            self.received(head, context)
        case (.upgrading(let fields, let configuration, let makeDelegate), .end):
            self.upgrade(fields, configuration, makeDelegate, context)
        case (.passing, .head(let head)) where head.headers.contains(name: "upgrade"):
            switch self.decide(head) {
            case .notMine:
                context.fireChannelRead(self.wrapInboundOut(.head(Self.lastOfItsConnection(head))))
            case .upgrade, .refuse:
                self.state = .done
                context.close(promise: nil)
            }
        case (.passing, _):
            context.fireChannelRead(data)
        case (.awaitingHead, _), (.upgrading, _), (.done, _):
            // A body with a handshake has been refused; anything after a refusal is discarded.
            break
        }
    }

    private func received(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        switch self.decide(head) {
        case .notMine:
            self.timer?.cancel()
            self.timer = nil
            self.state = .passing
            do {
                self.result.succeed(.http(try self.http(context.channel)))
                let head = head.headers.contains(name: "upgrade") ? Self.lastOfItsConnection(head) : head
                context.fireChannelRead(self.wrapInboundOut(.head(head)))
            } catch {
                self.state = .done
                self.result.fail(error)
                context.close(promise: nil)
            }
        case .upgrade(let fields, let configuration, let makeDelegate):
            self.state = .upgrading(fields, configuration, makeDelegate)
        case .refuse(let status, let fields, let body):
            self.refuse(status, fields, head.method == .HEAD ? ByteBuffer() : body, context)
        }
    }

    /// NIO's decoder stops behind a request that asks for any upgrade (`h2c`, say). Where none comes, what serves it
    /// must not wait for another request on the same connection.
    private static func lastOfItsConnection(_ head: HTTPRequestHead) -> HTTPRequestHead {
        var head = head
        head.headers.replaceOrAdd(name: "Connection", value: "close")
        return head
    }

    private func upgrade(
        _ fields: HTTPHeaders, _ configuration: WebSocketConfiguration,
        _ makeDelegate: (any Channel) -> any WebSocketDelegate, _ context: ChannelHandlerContext
    ) {
        self.finish()
        let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: fields)
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)

        let pipeline = context.pipeline.syncOperations
        let connection = WebSocketConnection(delegate: makeDelegate(context.channel), configuration: configuration)
        // The decoder leaves on the loop's next turn and then gives what it has read beyond the request to the handler
        // behind it: so the connection has to be there, and this handler must not.
        pipeline.removeHandler(self.encoder, promise: nil)
        let decoderLeft = context.eventLoop.makePromise(of: Void.self)
        pipeline.removeHandler(self.decoder, promise: decoderLeft)
        do {
            try pipeline.addHandler(connection, position: .after(self))
        } catch {
            self.result.succeed(.ended)
            context.close(promise: nil)
            return
        }
        pipeline.removeHandler(context: context, promise: nil)
        // No end of a read is reported for those bytes.
        decoderLeft.futureResult.assumeIsolated().whenComplete { _ in connection.readCompleted() }
        self.result.succeed(.webSocket)
    }

    private func refuse(
        _ status: HTTPResponseStatus, _ fields: HTTPHeaders, _ body: ByteBuffer, _ context: ChannelHandlerContext
    ) {
        self.finish()
        var head = HTTPResponseHead(version: .http1_1, status: status, headers: fields)
        head.headers.replaceOrAdd(name: "Content-Length", value: String(body.readableBytes))
        head.headers.replaceOrAdd(name: "Connection", value: "close")
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
        // RFC 9112 §9.6: closing both sides at once may reset the connection before the response is read.
        context.close(mode: .output, promise: nil)
        self.closeAfter(Self.refusalWait, context)
        self.result.succeed(.ended)
    }

    private func closeAfter(_ delay: TimeAmount, _ context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(in: delay) { context.close(promise: nil) }
    }

    private func finish() {
        self.state = .done
        self.timer?.cancel()
        self.timer = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch (self.state, event) {
        case (.passing, _):
            context.fireUserInboundEventTriggered(event)
        case (_, is ChannelShouldQuiesceEvent), (_, ChannelEvent.inputClosed):
            // Nothing is under way here that a peer could wait for.
            context.close(promise: nil)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (self.state, error) {
        case (.passing, _):
            context.fireErrorCaught(error)
        case (.awaitingHead, is HTTPParserError):
            self.refuse(.badRequest, [:], ByteBuffer(string: "this is not HTTP/1.1\n"), context)
        case (.awaitingHead, _), (.upgrading, _), (.done, _):
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.leave()
    }

    private func leave() {
        switch self.state {
        case .awaitingHead, .upgrading:
            self.result.succeed(.ended)
        case .passing, .done:
            break
        }
        self.finish()
    }
}
