package import WebSocketChannel

/// Where the server listens and whom it lets in.
package struct ChatServerConfiguration: Sendable {
    /// A name or an address to bind to. 127.0.0.1 by default: only this machine reaches it.
    package var host: String

    /// 8080 by default; 0 takes any free port.
    package var port: Int

    /// Origins, beside the server's own, whose pages may connect; each one's host may be named in `Host`.
    package var allowedOrigins: [WebOrigin]

    /// How long a connection may stay without a request under way, or within one without sending on. 60 s by default:
    /// longer than browsers wait between a page's requests, short enough that idle ones do not pile up.
    package var idleTimeout: Duration

    /// The kernel's queue of connections not yet accepted. 1,024 by default: everybody reconnects at once after a restart.
    package var backlog: Int

    /// Chat WebSockets of the whole process; one more is closed with 1013. 10,000 by default: a process has commonly 20,000
    /// file descriptors or more, of which a turn takes one too.
    package var maximumConnections: Int

    /// Who may read `/metrics`: by default programs of this machine.
    package var metricsAccess: MetricsAccess

    /// How WebSockets are kept. Binary messages close with 1003, as the chat protocol has none.
    package var webSocket: WebSocketConfiguration

    package init(
        host: String = "127.0.0.1", port: Int = 8080, allowedOrigins: [WebOrigin] = [],
        idleTimeout: Duration = .seconds(60), backlog: Int = 1024, maximumConnections: Int = 10_000,
        metricsAccess: MetricsAccess = .loopback,
        webSocket: WebSocketConfiguration = WebSocketConfiguration(acceptsBinary: false)
    ) {
        self.host = host
        self.port = port
        self.allowedOrigins = allowedOrigins
        self.idleTimeout = idleTimeout
        self.backlog = backlog
        self.maximumConnections = maximumConnections
        self.metricsAccess = metricsAccess
        self.webSocket = webSocket
    }

    /// Whether a program that says nothing about itself is the identity `local`: nothing here is meant for other machines.
    package var admitsLocal: Bool {
        Authority.isLoopback(host) && allowedOrigins.allSatisfy(\.authority.isLoopback)
    }
}
