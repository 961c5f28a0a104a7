/// Who may read `/metrics`.
package enum MetricsAccess: String, Hashable, Sendable, CaseIterable {
    /// Programs of this machine, and nobody through a proxy. The default.
    case loopback
    /// Whoever reaches the server: on a network of one's own, or behind a proxy that decides.
    case on
    /// Nobody: the address is not there.
    case off

    /// Whether a request may read. A proxy on this machine comes from loopback too: it shows by the header that it adds, or by the
    /// name that it passes on in `Host`.
    func allows(_ evidence: IdentityRule.Evidence, host: String?) -> Bool {
        switch self {
        case .on: true
        case .off: false
        case .loopback:
            evidence.isLoopbackPeer && !evidence.isForwarded && evidence.origin == nil
                && host.flatMap { Authority($0) }?.isLoopback == true
        }
    }
}
