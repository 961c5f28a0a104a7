import ChatProtocol
import Conversation
import HTTPTypes
import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
import NIOPosix
package import Prometheus
import ServiceLifecycle
package import Sessions
import WebSocketChannel

/// The chat server: one Hummingbird application that serves the page and plain HTTP, and the chat's WebSocket beside it.
///
/// Runs as a service: a graceful shutdown stops accepting, tells every connection, and ends when they have closed.
package struct ChatServer: Service {
    package let configuration: ChatServerConfiguration
    private let site: StaticSite
    private let cookie: IdentityCookie
    private let makeConnection: ChatConnectionMaker
    private let directory: SessionDirectory?
    private let metrics: PrometheusRegistry
    private let eventLoopGroup: any EventLoopGroup
    private let logger: Logger
    private let onListening: @Sendable (SocketAddress) async -> Void

    /// - Parameters:
    ///   - site: the web client's files
    ///   - identityKey: signs the cookies
    ///   - makeConnection: what serves a chat WebSocket
    ///   - directory: the sessions that are served over plain HTTP; nil: none are
    ///   - metrics: where everything of this server is counted
    ///   - eventLoopGroup: one event loop per core by default
    ///   - onListening: told the bound address, once, when connections are accepted
    package init(
        configuration: ChatServerConfiguration, site: StaticSite, identityKey: IdentityKey,
        makeConnection: @escaping ChatConnectionMaker, directory: SessionDirectory? = nil,
        metrics: PrometheusRegistry = PrometheusRegistry(families: MetricFamily.whinchat),
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger,
        onListening: @escaping @Sendable (SocketAddress) async -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.site = site
        self.cookie = IdentityCookie(key: identityKey)
        self.makeConnection = makeConnection
        self.directory = directory
        self.metrics = metrics
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
            responder: router(requestGuard, rule, openConnections).buildResponder(),
            server: HTTPServerBuilder { responder in
                ChatChannel(
                    responder: responder, configuration: configuration, requestGuard: requestGuard, identityRule: rule,
                    openConnections: openConnections, metrics: ConnectionMetrics(factory: metrics),
                    makeConnection: makeConnection)
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

    private func router(
        _ requestGuard: RequestGuard, _ rule: IdentityRule, _ sockets: OpenConnections
    ) -> Router<ChatRequestContext> {
        let router = Router(context: ChatRequestContext.self)
        var methods = AllowedMethods()
        let routes = directory.map { directory in
            ChatRoutes(
                directory: directory, identityRule: rule, maximumStreams: configuration.maximumConnections)
        }
        for path in [Self.health, Self.readiness, ChatChannel.path] { methods.allow(.get, at: path) }
        let metricsRoute = MetricsRoute(
            registry: metrics, access: configuration.metricsAccess, directory: directory, sockets: sockets,
            streams: routes?.streams)
        routes?.allow(in: &methods)
        if configuration.metricsAccess != .off { methods.allow(.get, at: MetricsRoute.path) }
        router.add(middleware: RequestMetricsMiddleware(factory: metrics))
        router.add(middleware: SecurityHeadersMiddleware())
        router.add(middleware: RequestLogMiddleware())
        router.add(middleware: CrossOriginMiddleware(requestGuard: requestGuard))
        router.add(middleware: ProblemMiddleware())
        router.add(middleware: GuardMiddleware(requestGuard))
        router.add(middleware: StaticSiteMiddleware(site: site, cookie: cookie))
        router.add(middleware: MethodMiddleware(allowed: methods))
        for method in [HTTPRequest.Method.get, .head] {
            router.on(.init(Self.health), method: method) { request, _ in Self.status("ok", request) }
            router.on(.init(Self.readiness), method: method) { request, _ in
                try await checkReadiness()
                return Self.status("ready", request)
            }
            router.on(.init(ChatChannel.path), method: method) { _, _ -> Response in
                // RFC 9110 §15.5.22: a 426 names the protocol to change to.
                throw Problem(
                    .init(code: 426, reasonPhrase: "Upgrade Required"),
                    "Open a WebSocket here, subprotocol \(ChatChannel.subprotocol).",
                    headers: [.upgrade: "websocket", .connection: "upgrade"])
            }
        }
        metricsRoute.add(to: router)
        routes?.add(to: router)
        return router
    }

    /// Whether the process lives.
    private static let health = "/healthz"
    /// Whether it can serve.
    private static let readiness = "/readyz"

    private static func status(_ status: String, _ request: Request) -> Response {
        let response = Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: "{\"status\":\"\(status)\"}\n")))
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// - Throws: `CommandError` where the server is about to end, or its store cannot be read.
    private func checkReadiness() async throws(CommandError) {
        guard let directory else { return }
        if directory.isDraining { throw CommandError(.overloaded, "The server is about to end.", retryable: true) }
        do throws(SessionStoreError) {
            _ = try await directory.environment.store.sessions(of: Owner(key: "readyz"), createdBy: nil)
        } catch {
            throw CommandError(.storage, "Sessions cannot be read.", retryable: true)
        }
    }
}
