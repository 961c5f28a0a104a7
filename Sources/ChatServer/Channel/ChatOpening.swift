package import NIOCore
package import WebSocketChannel

/// Who opened a chat WebSocket, and how.
package struct ChatOpening: Equatable, Sendable {
    package var identity: Identity

    /// `whinchat.v1` where the client offered it.
    package var subprotocol: String?

    package init(identity: Identity, subprotocol: String?) {
        self.identity = identity
        self.subprotocol = subprotocol
    }
}

/// Makes what serves a chat WebSocket. Called on the channel's event loop when the handshake is done, right before
/// `webSocketOpened`; only for identified callers.
package typealias ChatConnectionMaker = @Sendable (ChatOpening, any Channel) -> any WebSocketDelegate
