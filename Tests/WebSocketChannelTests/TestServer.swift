import NIOCore
import NIOHTTP1
import NIOPosix
import Testing
import WebSocket
import WebSocketChannel

/// What a delegate was told, and what a connection became.
enum Event: Equatable, Sendable {
    case opened
    case text(String)
    case binary(Int)
    case writabilityChanged
    case quiesce
    case closed(ConnectionEnd)
    case became(String)
}

/// A delegate that reports everything, and reacts to each text; to a channel that takes more again, as to "writable".
final class RecordingDelegate: WebSocketDelegate {
    typealias Reaction = (WebSocketConnection, String) -> Void

    private let events: AsyncStream<Event>.Continuation
    private let reaction: Reaction
    private var isReacting = false

    init(_ events: AsyncStream<Event>.Continuation, reaction: @escaping Reaction) {
        self.events = events
        self.reaction = reaction
    }

    private func told(_ event: Event) {
        #expect(!self.isReacting, "\(event) was told from inside the delegate's own call")
        self.events.yield(event)
    }

    private func react(_ connection: WebSocketConnection, _ text: String) {
        self.isReacting = true
        self.reaction(connection, text)
        self.isReacting = false
    }

    func webSocketOpened(_ connection: WebSocketConnection) { self.told(.opened) }

    func webSocket(_ connection: WebSocketConnection, receivedText payload: ByteBuffer) {
        let text = String(buffer: payload)
        self.told(.text(text))
        self.react(connection, text)
    }

    func webSocket(_ connection: WebSocketConnection, receivedBinary payload: ByteBuffer) {
        self.told(.binary(payload.readableBytes))
        connection.sendBinary(payload)
    }

    func webSocketWritabilityChanged(_ connection: WebSocketConnection) {
        self.told(.writabilityChanged)
        if connection.isWritable { self.react(connection, "writable") }
    }

    func webSocketShouldQuiesce(_ connection: WebSocketConnection) {
        self.told(.quiesce)
        connection.close(.goingAway)
    }

    func webSocketClosed(_ connection: WebSocketConnection, end: ConnectionEnd) { self.told(.closed(end)) }
}

/// Counts flushes and ends of reads, for the whole channel.
final class FlushCounter: ChannelDuplexHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    enum Call: Sendable { case flush, readComplete }
    let calls: AsyncStream<Call>.Continuation

    init(_ calls: AsyncStream<Call>.Continuation) { self.calls = calls }

    func flush(context: ChannelHandlerContext) {
        self.calls.yield(.flush)
        context.flush()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.calls.yield(.readComplete)
        context.fireChannelReadComplete()
    }
}

/// Answers every plain request with its path, and says whether it was the connection's last.
final class PlainHTTP: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private var head: HTTPRequestHead?
    private var body = ""

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
        case .body(let bytes):
            self.body += String(buffer: bytes)
        case .end:
            guard let head = self.head else { return }
            let body = "\(head.uri) \(self.body) \(head.isKeepAlive ? "kept" : "last")"
            let response = HTTPResponseHead(
                version: .http1_1, status: .ok, headers: ["Content-Length": String(body.utf8.count)])
            context.write(self.wrapOutboundOut(.head(response)), promise: nil)
            context.write(self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
            context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
            (self.head, self.body) = (nil, "")
            if !head.isKeepAlive { context.close(promise: nil) }
        }
    }
}

/// A server on a free loopback port: `/chat` is a WebSocket, everything else plain HTTP.
struct TestServer: Sendable {
    let port: Int
    /// Everything that the connections' delegates were told, in order; connections of one test are one stream.
    let events: AsyncStream<Event>
    let flushes: AsyncStream<FlushCounter.Call>
    /// The accepted connections.
    let channels: AsyncStream<any Channel>
    private let stopCounting: @Sendable () -> Void

    func finishCounting() { self.stopCounting() }

    static func run(
        configuration: WebSocketConfiguration = WebSocketConfiguration(),
        policy: HandshakePolicy = HandshakePolicy(), headTimeout: Duration = .seconds(30),
        allowsHalfClosure: Bool = false,
        reaction: @escaping @Sendable (WebSocketConnection, String) -> Void = { connection, text in
            if text != "writable" { connection.sendText(ByteBuffer(string: text)) }
        },
        _ body: (TestServer) async throws -> Void
    ) async throws {
        let (events, told) = AsyncStream.makeStream(of: Event.self)
        let (flushes, calls) = AsyncStream.makeStream(of: FlushCounter.Call.self)
        let (channels, accepted) = AsyncStream.makeStream(of: (any Channel).self)
        let decide: @Sendable (HTTPRequestHead) -> UpgradeDecision = { head in
            guard head.uri == "/chat" else { return .notMine }
            return .handshake(head, policy: policy, configuration: configuration) { _, _ in
                RecordingDelegate(told, reaction: reaction)
            }
        }
        // One loop, so that what one connection did is done before what another did later.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let listener = try await ServerBootstrap(group: group)
            .childChannelOption(.allowRemoteHalfClosure, value: allowsHalfClosure)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    accepted.yield(channel)
                    try channel.pipeline.syncOperations.addHandler(FlushCounter(calls))
                    try WebSocketUpgrade.configure(channel, headTimeout: headTimeout, decide: decide) { channel in
                        try channel.pipeline.syncOperations.addHandler(PlainHTTP())
                        return "http"
                    }.whenSuccess { result in
                        switch result {
                        case .http(let value): told.yield(.became(value))
                        case .webSocket: told.yield(.became("webSocket"))
                        case .ended: told.yield(.became("ended"))
                        }
                    }
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = TestServer(
            port: listener.localAddress?.port ?? 0, events: events, flushes: flushes, channels: channels,
            stopCounting: { calls.finish() })
        do {
            try await body(server)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
    }
}
