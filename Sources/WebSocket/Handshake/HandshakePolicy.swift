/// What a server takes in an opening handshake, beyond RFC 6455's own rules.
package struct HandshakePolicy: Sendable {
    /// What a browser, or nobody, said about where a request comes from.
    package struct Source: Equatable, Sendable {
        /// `Origin`, as a browser always sends it with a WebSocket; `nil` from most programs.
        package var origin: String?
        /// `Host`, as it came.
        package var host: String

        package init(origin: String?, host: String) {
            self.origin = origin
            self.host = host
        }
    }

    /// The subprotocols that the server speaks, the one it likes best first.
    package var subprotocols: [String]
    /// Whether a request from there may open a connection; a refusal is a 403. RFC 6455 §10.2: a server that is not
    /// for any page's use should check `Origin`.
    package var accepts: @Sendable (Source) -> Bool

    package init(subprotocols: [String] = [], accepts: @escaping @Sendable (Source) -> Bool = { _ in true }) {
        self.subprotocols = subprotocols
        self.accepts = accepts
    }
}
