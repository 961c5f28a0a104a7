package import NIOCore
package import WebSocket

/// What an application does with a WebSocket. Everything here is called on the channel's event loop, and never from
/// inside a call that the delegate makes on the connection.
///
/// The connection holds its delegate until it has told it `webSocketClosed`.
package protocol WebSocketDelegate: AnyObject {
    /// The handshake is done; messages may be sent. Called first, once.
    func webSocketOpened(_ connection: WebSocketConnection)

    /// A whole text message, valid UTF-8. What is sent from here is flushed when all that one read brought is done.
    func webSocket(_ connection: WebSocketConnection, receivedText payload: ByteBuffer)

    /// A whole binary message; only where the configuration accepts them.
    func webSocket(_ connection: WebSocketConnection, receivedBinary payload: ByteBuffer)

    /// `isWritable` has changed. A change that a send of the delegate's own brings about is told on a later turn of the
    /// loop.
    func webSocketWritabilityChanged(_ connection: WebSocketConnection)

    /// The server wants to stop. By default the connection closes with 1001.
    func webSocketShouldQuiesce(_ connection: WebSocketConnection)

    /// The WebSocket has ended; nothing can be sent any more. Called last, once, also where nothing was wrong.
    func webSocketClosed(_ connection: WebSocketConnection, end: ConnectionEnd)
}

extension WebSocketDelegate {
    package func webSocket(_ connection: WebSocketConnection, receivedBinary payload: ByteBuffer) {}

    package func webSocketWritabilityChanged(_ connection: WebSocketConnection) {}

    package func webSocketShouldQuiesce(_ connection: WebSocketConnection) {
        connection.close(.goingAway)
    }
}
