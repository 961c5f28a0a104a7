/// How and when a connection to the fake provider ended.
package struct Departure: Hashable, Sendable {
    package enum Manner: String, Hashable, Sendable {
        /// The peer closed its side: a FIN, with TLS one that no close_notify preceded.
        case fin
        /// The peer broke off: a RST.
        case reset
        /// The peer ended TLS properly, then the connection.
        case closeNotify = "close_notify"
        /// The provider itself ended the connection first.
        case byProvider = "by_provider"
    }

    package let manner: Manner
    /// When the provider saw it.
    package let moment: Moment

    package var isByPeer: Bool { manner != .byProvider }
}
