import ChatServer
import NIOConcurrencyHelpers
import NIOCore
import WebSocket
import WebSocketChannel

/// Stands where the chat's connection will: says who opened it, then says everything again.
final class EchoConnections: Sendable {
    private let seen = NIOLockedValueBox<[ChatOpening]>([])

    var openings: [ChatOpening] { seen.withLockedValue { $0 } }

    func make(_ opening: ChatOpening, _ channel: any Channel) -> any WebSocketDelegate {
        channel.eventLoop.preconditionInEventLoop()
        seen.withLockedValue { $0.append(opening) }
        return Echo(greeting: opening.identity.ownerKey)
    }

    private final class Echo: WebSocketDelegate {
        let greeting: String

        init(greeting: String) { self.greeting = greeting }

        func webSocketOpened(_ connection: WebSocketConnection) {
            connection.sendText(ByteBuffer(string: greeting))
        }

        func webSocket(_ connection: WebSocketConnection, receivedText payload: ByteBuffer) {
            connection.sendText(payload)
        }

        func webSocketClosed(_ connection: WebSocketConnection, end: ConnectionEnd) {}
    }
}
