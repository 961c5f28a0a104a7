import NIOCore
import WebSocket
import WebSocketChannel

/// One connection of the echo server. It does not read while its peer does not, so that echoes do not pile up.
final class Echo: WebSocketDelegate {
    func webSocketOpened(_ connection: WebSocketConnection) {}

    func webSocket(_ connection: WebSocketConnection, receivedText payload: ByteBuffer) {
        connection.sendText(payload)
        self.paceReading(connection)
    }

    func webSocket(_ connection: WebSocketConnection, receivedBinary payload: ByteBuffer) {
        connection.sendBinary(payload)
        self.paceReading(connection)
    }

    func webSocketWritabilityChanged(_ connection: WebSocketConnection) {
        self.paceReading(connection)
    }

    func webSocketClosed(_ connection: WebSocketConnection, end: ConnectionEnd) {}

    private func paceReading(_ connection: WebSocketConnection) {
        if connection.isWritable {
            connection.resumeReading()
        } else {
            connection.pauseReading()
        }
    }
}
