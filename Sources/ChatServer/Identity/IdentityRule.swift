/// Who a request is from, decided from its headers and its peer alone. docs/protocol.md, "Identity".
package struct IdentityRule: Sendable {
    package let cookie: IdentityCookie

    /// Whether a program that says nothing about itself may be the identity `local`: the server is bound to loopback and
    /// serves no origin beyond this machine. With such an origin a proxy stands in front, and everybody comes from loopback.
    package let admitsLocal: Bool

    package init(cookie: IdentityCookie, admitsLocal: Bool) {
        self.cookie = cookie
        self.admitsLocal = admitsLocal
    }

    /// The headers that the decision rests on. Several fields of one name are joined as RFC 9110 §5.3 says.
    package struct Evidence: Equatable, Sendable {
        package var cookie: String?
        package var origin: String?
        package var authorization: String?

        /// `Forwarded`, `X-Forwarded-For` or `Via` came: a proxy speaks for somebody else.
        package var isForwarded: Bool

        /// The peer's address is loopback's.
        package var isLoopbackPeer: Bool

        package init(
            cookie: String? = nil, origin: String? = nil, authorization: String? = nil, isForwarded: Bool = false,
            isLoopbackPeer: Bool
        ) {
            self.cookie = cookie
            self.origin = origin
            self.authorization = authorization
            self.isForwarded = isForwarded
            self.isLoopbackPeer = isLoopbackPeer
        }
    }

    package func decide(_ evidence: Evidence) -> IdentityDecision {
        // Whoever shows a token means to be that token's user, and must not become somebody else without noticing. Other
        // schemes belong to a proxy in front (a browser repeats its Basic credentials to us).
        if let authorization = evidence.authorization, authorization.lowercased().hasPrefix("bearer ") {
            return .unauthorised(.unknownToken)
        }
        if let identity = cookie.identity(in: evidence.cookie) { return .identified(identity) }
        if evidence.cookie != nil { return .unauthorised(.noValidCookie) }
        guard admitsLocal, evidence.isLoopbackPeer, evidence.origin == nil, !evidence.isForwarded else {
            return .unauthorised(.nothingSent)
        }
        return .identified(.local)
    }
}
