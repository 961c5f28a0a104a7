/// What a request's headers say about who sent it.
package enum IdentityDecision: Equatable, Sendable {
    /// Somebody with sessions of their own.
    case identified(Identity)

    /// Nobody. A WebSocket is accepted and closed with 4401, so that the page can tell; HTTP answers 401.
    case unauthorised(Reason)

    package enum Reason: Equatable, Sendable {
        /// Neither a cookie nor anything else that says who it is.
        case nothingSent

        /// Cookies came, but none that this server's key signed: load the page again.
        case noValidCookie

        /// A bearer token came, and this server has no tokens.
        case unknownToken
    }

    /// The identity, nil for nobody.
    package var identity: Identity? {
        guard case .identified(let identity) = self else { return nil }
        return identity
    }
}
