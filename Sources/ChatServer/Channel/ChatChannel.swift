package import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOPosix
import WebSocket
import WebSocketChannel

/// A connection as Hummingbird's server sees it: HTTP, which Hummingbird serves, or by its first request a chat WebSocket,
/// which lives on its event loop alone.
package struct ChatChannel: HTTPChannelHandler {
    package typealias HTTPChannel = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    /// A fresh connection and what it is going to be.
    package struct Value: ServerChildChannelValue {
        package let channel: any Channel
        let outcome: EventLoopFuture<UpgradeResult<HTTPChannel>>
    }

    /// The WebSocket's address.
    package static let path = "/v1/chat"

    /// What a client offers in `Sec-WebSocket-Protocol`, and gets back.
    package static let subprotocol = "whinchat.v1"

    /// In bytes, for all fields of a head: several large cookies fit, a flood does not. NIO would take 80 KiB.
    private static let maxHeaderListBytes = 32 << 10

    /// A connection that holds more than the high mark, unsent, is told not to write until it is below the low one. The
    /// kernel's buffer comes on top; what waits longer is better kept in the log, where deltas merge.
    private static let writeWaterMarkBytes = ChannelOptions.Types.WriteBufferWaterMark(low: 16 << 10, high: 64 << 10)

    /// A connection keeps what it read into last. NIO would begin with 2 KiB; most of what clients say fits 512 bytes, and
    /// what does not makes it grow.
    private static let readBuffer = AdaptiveRecvByteBufferAllocator(minimum: 256, initial: 512, maximum: 64 << 10)

    package let responder: Responder
    let configuration: ChatServerConfiguration
    let requestGuard: RequestGuard
    let identityRule: IdentityRule
    let openConnections: OpenConnections
    let metrics: ConnectionMetrics
    let makeConnection: ChatConnectionMaker

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
            try channel.syncOptions?.setOption(.writeBufferWaterMark, value: Self.writeWaterMarkBytes)
            try channel.syncOptions?.setOption(.recvAllocator, value: Self.readBuffer)
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = Self.maxHeaderListBytes
            limits.maxHeaderListSize = Self.maxHeaderListBytes
            let idleTimeout = configuration.idleTimeout
            let outcome = try WebSocketUpgrade.configure(channel, decoderLimits: limits, decide: decide) { channel in
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(RequestNormaliser())
                try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
                // Hummingbird's handler keeps what it is told to itself: this one stands before it.
                try pipeline.addHandler(HTTPOutlet())
                try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: idleTimeout, logger: logger))
                return try HTTPChannel(
                    wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
            }
            return Value(channel: channel, outcome: outcome)
        }
    }

    package func handle(value: Value, logger: Logger) async {
        switch try? await value.outcome.get() {
        case .http(let channel):
            await handleHTTP(asyncChannel: channel, logger: logger)
        // No task stays with a WebSocket: an idle one costs nothing but its handlers.
        case .webSocket, .ended, nil:
            break
        }
    }

    private func decide(_ head: HTTPRequestHead) -> UpgradeDecision {
        let path = head.uri.prefix { $0 != "?" }
        let fields = head.headers
        // What the guard refuses goes on as HTTP, where its middleware says why.
        guard path == Self.path, OpeningHandshake.isAttempted(fields: fields),
            requestGuard.refusal(host: fields.joined("host"), origin: fields.joined("origin")) == nil
        else { return .notMine }
        let policy = HandshakePolicy(subprotocols: [Self.subprotocol])
        return .handshake(head, policy: policy, configuration: configuration.webSocket) { channel, acceptance in
            openConnections.opened()
            metrics.opened()
            channel.closeFuture.whenComplete { _ in openConnections.closed() }
            switch identityRule.decide(.init(fields, peer: channel.remoteAddress)) {
            case .identified where openConnections.count > configuration.maximumConnections:
                return ClosingConnection(
                    .tryAgainLater, reason: "the server holds as many connections as it can", metrics)
            case .identified(let identity):
                return makeConnection(ChatOpening(identity: identity, subprotocol: acceptance.subprotocol), channel)
            case .unauthorised(let reason):
                return ClosingConnection.unauthorised(reason, metrics)
            }
        }
    }
}

extension HTTPHeaders {
    /// The value of a field; of several, all, joined as RFC 9110 §5.3 says.
    fileprivate func joined(_ name: String) -> String? {
        let values = self[name]
        return values.isEmpty ? nil : values.joined(separator: name == "cookie" ? "; " : ", ")
    }
}

extension IdentityRule.Evidence {
    fileprivate init(_ fields: HTTPHeaders, peer: SocketAddress?) {
        self.init(
            cookie: fields.joined("cookie"), origin: fields.joined("origin"),
            authorization: fields.joined("authorization"),
            isForwarded: ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"]
                .contains(where: fields.contains(name:)),
            isLoopbackPeer: peer?.isLoopback ?? false)
    }
}
