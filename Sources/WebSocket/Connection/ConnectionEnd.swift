/// How a WebSocket ended.
package struct ConnectionEnd: Equatable, Sendable {
    /// Who ended it.
    package enum Initiator: Equatable, Sendable {
        /// The peer's close frame came first.
        case peer
        /// This end closed, or failed the connection.
        case local
        /// The transport ended without a closing handshake.
        case transport
    }

    package var initiator: Initiator
    /// The code of the close frame that began the closing; `abnormalClosure` where there was none.
    package var code: CloseCode
    package var reason: String

    package init(_ initiator: Initiator, code: CloseCode, reason: String = "") {
        self.initiator = initiator
        self.code = code
        self.reason = reason
    }
}
