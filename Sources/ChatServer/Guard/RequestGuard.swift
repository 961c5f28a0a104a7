/// Checks `Host` and `Origin` of every request and upgrade.
///
/// `Host` keeps DNS rebinding out: a page of evil.example whose name is pointed at this machine is of the same origin for
/// its browser, and only its name tells. `Origin` keeps other sites' pages from opening a WebSocket with a visitor's cookie:
/// browsers apply no same-origin rule to WebSockets (RFC 6455 §10.2).
package struct RequestGuard: Sendable {
    /// What the server is bound to decides which names pass without being allowed.
    private enum Binding {
        case loopback
        /// Every address of this machine: literal addresses pass, names must be allowed.
        case wildcard
        case name(String)
    }

    private let binding: Binding
    private let allowedOrigins: [WebOrigin]

    /// - Parameters:
    ///   - host: what the server is bound to, a name or an address
    ///   - allowedOrigins: further origins; each one's host may be named in `Host` too
    package init(host: String, allowedOrigins: [WebOrigin]) {
        if Authority.isLoopback(host) {
            binding = .loopback
        } else if ["0.0.0.0", "::", "*"].contains(host) {
            binding = .wildcard
        } else {
            binding = .name(host.lowercased())
        }
        self.allowedOrigins = allowedOrigins
    }

    /// The reason to refuse a request, nil if it may pass. Several fields of one name are to be joined by a comma: none
    /// of these may come twice.
    package func refusal(host: String?, origin: String?) -> RequestRefusal? {
        guard let host, let authority = Authority(host) else { return .badHost(host) }
        guard isKnown(authority) else { return .unknownHost(host, allowed: allowedHosts) }
        guard let origin else { return nil }
        guard let webOrigin = WebOrigin(origin), isOwn(webOrigin, authority) || allowedOrigins.contains(webOrigin)
        else {
            return .foreignOrigin(origin, allowed: allowedPages)
        }
        return nil
    }

    private func isKnown(_ authority: Authority) -> Bool {
        let passes =
            switch binding {
            // Any port: a forwarded one differs from ours.
            case .loopback: authority.isLoopback
            case .wildcard: authority.isAddress || authority.isLoopback
            case .name(let name): authority.host == name
            }
        return passes
            || allowedOrigins.contains {
                $0.authority.host == authority.host && (authority.port == nil || authority.port == $0.effectivePort)
            }
    }

    /// Whether a page comes from where the request goes. The scheme is not compared: a proxy may end TLS before us.
    private func isOwn(_ origin: WebOrigin, _ authority: Authority) -> Bool {
        let sameHost = origin.authority.host == authority.host || (origin.authority.isLoopback && authority.isLoopback)
        // Another port of this machine is another program's page.
        return sameHost && origin.effectivePort == authority.port ?? (origin.scheme == "https" ? 443 : 80)
    }

    /// Whether pages of other origins than the server's own may use it at all.
    var allowsOrigins: Bool { !allowedOrigins.isEmpty }

    /// Whether an origin is one of those that were allowed.
    func isAllowed(_ origin: String) -> Bool { WebOrigin(origin).map(allowedOrigins.contains) ?? false }

    private var allowedHosts: [String] {
        let bound =
            switch binding {
            case .loopback: ["localhost", "127.0.0.1", "[::1]"]
            case .wildcard: ["any literal address", "localhost"]
            case .name(let name): [name]
            }
        return bound + allowedOrigins.map { String($0.description.drop { $0 != ":" }.dropFirst(3)) }
    }

    private var allowedPages: [String] {
        ["this server's own pages"] + allowedOrigins.map(\.description)
    }
}
