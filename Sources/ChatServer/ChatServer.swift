import HTTPTypes
import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
import NIOPosix
import ServiceLifecycle
import WebSocketChannel

/// The chat server: one Hummingbird application that serves the page and plain HTTP, and the chat's WebSocket beside it.
///
/// Runs as a service: a graceful shutdown stops accepting, tells every connection, and ends when they have closed.
package struct ChatServer: Service {
    package let configuration: ChatServerConfiguration
    private let site: StaticSite
    private let cookie: IdentityCookie
    private let makeConnection: ChatConnectionMaker
    private let eventLoopGroup: any EventLoopGroup
    private let logger: Logger
    private let onListening: @Sendable (SocketAddress) async -> Void

    /// - Parameters:
    ///   - site: the web client's files
    ///   - identityKey: signs the cookies
    ///   - makeConnection: what serves a chat WebSocket
    ///   - eventLoopGroup: one event loop per core by default
    ///   - onListening: told the bound address, once, when connections are accepted
    package init(
        configuration: ChatServerConfiguration, site: StaticSite, identityKey: IdentityKey,
        makeConnection: @escaping ChatConnectionMaker,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger,
        onListening: @escaping @Sendable (SocketAddress) async -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.site = site
        self.cookie = IdentityCookie(key: identityKey)
        self.makeConnection = makeConnection
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until a graceful shutdown or a cancellation.
    /// - Throws: an `IOError` or a resolver's error where the address cannot be bound
    package func run() async throws {
        let requestGuard = RequestGuard(host: configuration.host, allowedOrigins: configuration.allowedOrigins)
        let rule = IdentityRule(cookie: cookie, admitsLocal: configuration.admitsLocal)
        let openConnections = OpenConnections()
        let application = Application(
            responder: router(requestGuard).buildResponder(),
            server: HTTPServerBuilder { responder in
                ChatChannel(
                    responder: responder, configuration: configuration, requestGuard: requestGuard, identityRule: rule,
                    openConnections: openConnections, makeConnection: makeConnection)
            },
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), backlog: configuration.backlog),
            onServerRunning: { channel in
                if let address = channel.localAddress { await onListening(address) }
            },
            eventLoopGroupProvider: .shared(eventLoopGroup),
            logger: logger)
        try await application.run()
        // Hummingbird waits for HTTP requests only; a WebSocket still has its closing handshake to do, in bounded time.
        await openConnections.allClosed()
    }

    private func router(_ requestGuard: RequestGuard) -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: SecurityHeadersMiddleware())
        router.add(middleware: RequestLogMiddleware())
        router.add(middleware: ProblemMiddleware())
        router.add(middleware: GuardMiddleware(requestGuard))
        router.add(middleware: StaticSiteMiddleware(site: site, cookie: cookie))
        router.get("/healthz") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
                body: .init(byteBuffer: ByteBuffer(string: "{\"status\":\"ok\"}\n")))
        }
        router.get(.init(ChatChannel.path)) { _, _ -> Response in
            // RFC 9110 §15.5.22: a 426 names the protocol to change to.
            throw Problem(
                .init(code: 426, reasonPhrase: "Upgrade Required"),
                "Open a WebSocket here, subprotocol \(ChatChannel.subprotocol).",
                headers: [.upgrade: "websocket", .connection: "upgrade"])
        }
        return router
    }
}
