import Foundation
import JSON
import NIOCore
import NIOHTTP1
import WebSocket
import WebSocketChannel

/// Sends a client's opening handshake and puts the WebSocket in its own place when the server agrees.
final class ClientUpgradeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// 10 s from the connection to the answer; a server on the other side of the world needs less than one.
    private static let answerTimeout = TimeAmount.seconds(10)

    /// In bytes, of a refusal's body: a problem's text has a few hundred.
    private static let maxBodyBytes = 16 << 10

    private let address: ChatAddress
    private let handshake: ClientHandshake
    private let encoder: HTTPRequestEncoder
    private let decoder: ByteToMessageHandler<HTTPResponseDecoder>
    private let makeDelegate: () -> any WebSocketDelegate
    private let opened: EventLoopPromise<NIOLoopBound<WebSocketConnection>>
    private var response: HTTPResponseHead?
    private var body = ByteBuffer()
    private var isDone = false
    /// What came behind the response, while the decoder leaves.
    private var leftovers: [NIOAny] = []

    /// - Parameter opened: succeeds with the WebSocket, or fails with a `ChatSocketError` or the connection's error
    init(
        address: ChatAddress, handshake: ClientHandshake, encoder: HTTPRequestEncoder,
        decoder: ByteToMessageHandler<HTTPResponseDecoder>, makeDelegate: @escaping () -> any WebSocketDelegate,
        opened: EventLoopPromise<NIOLoopBound<WebSocketConnection>>
    ) {
        self.address = address
        self.handshake = handshake
        self.encoder = encoder
        self.decoder = decoder
        self.makeDelegate = makeDelegate
        self.opened = opened
    }

    func channelActive(context: ChannelHandlerContext) {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: ChatAddress.path)
        for (name, value) in handshake.fields(host: address.authority) { head.headers.add(name: name, value: value) }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        let opened = opened
        let channel = context.channel
        let timeout = context.eventLoop.scheduleTask(in: Self.answerTimeout) {
            opened.fail(ChatSocketError.noAnswer)
            channel.close(promise: nil)
        }
        opened.futureResult.whenComplete { _ in timeout.cancel() }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone else {
            leftovers.append(data)
            return
        }
        switch unwrapInboundIn(data) {
        case .head(let head): response = head
        case .body(var part):
            body.writeBytes(part.readSlice(length: min(part.readableBytes, room))?.readableBytesView ?? .init())
        case .end: answered(context)
        }
    }

    private var room: Int { Self.maxBodyBytes - body.readableBytes }

    private func answered(_ context: ChannelHandlerContext) {
        guard let response else { return }
        isDone = true
        do {
            let fields = response.headers.map { (name: $0.name, value: $0.value) }
            _ = try handshake.check(status: Int(response.status.code), fields: fields)
            becomeWebSocket(context)
        } catch ClientHandshake.Failure.statusNotSwitchingProtocols(let status) {
            let detail = try? JSONValue(parsing: body.readableBytesView)["detail"]?.stringValue
            opened.fail(ChatSocketError.refused(status: status, detail: detail ?? response.status.reasonPhrase))
            context.close(promise: nil)
        } catch {
            opened.fail(ChatSocketError.notAWebSocket("\(error)"))
            context.close(promise: nil)
        }
    }

    private func becomeWebSocket(_ context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        pipeline.removeHandler(encoder, promise: nil)
        let decoderLeft = context.eventLoop.makePromise(of: Void.self)
        pipeline.removeHandler(decoder, promise: decoderLeft)
        // Only then: the decoder looks at all that is written past it, and knows nothing but HTTP requests.
        decoderLeft.futureResult.assumeIsolated().whenComplete { _ in
            let connection = WebSocketConnection(
                delegate: self.makeDelegate(), configuration: WebSocketConfiguration(acceptsBinary: false),
                role: .client)
            do {
                try pipeline.addHandler(connection, position: .after(self))
            } catch {
                self.opened.fail(error)
                context.close(promise: nil)
                return
            }
            self.opened.succeed(NIOLoopBound(connection, eventLoop: context.eventLoop))
            for data in self.leftovers { context.fireChannelRead(data) }
            context.fireChannelReadComplete()
            pipeline.removeHandler(context: context, promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        opened.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone { opened.fail(ChatSocketError.noAnswer) }
        context.fireChannelInactive()
    }
}
