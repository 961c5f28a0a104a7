import JSON
import NIOCore
import NIOHTTP1
import NIOPosix
import WebSocket
import WebSocketChannel

/// The terminal client's connection. What arrives goes to one function, on the connection's event loop.
struct ChatSocket: Sendable {
    private let connection: NIOLoopBound<WebSocketConnection>
    private let eventLoop: any EventLoop

    /// Connects and opens the WebSocket; `receive` gets `opened` first and `closed` last.
    /// - Throws: `ChatSocketError`
    static func connect(
        to address: ChatAddress, receive: @escaping @Sendable (TerminalChat.Input) -> Void
    ) async throws -> ChatSocket {
        let handshake = try ClientHandshake(subprotocols: ["whinchat.v1"])
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let opened = eventLoop.makePromise(of: NIOLoopBound<WebSocketConnection>.self)
        do {
            _ = try await ClientBootstrap(group: eventLoop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let encoder = HTTPRequestEncoder()
                        let decoder = ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes))
                        let upgrade = ClientUpgradeHandler(
                            address: address, handshake: handshake, encoder: encoder, decoder: decoder,
                            makeDelegate: { Delegate(receive: receive) }, opened: opened)
                        try channel.pipeline.syncOperations.addHandlers([encoder, decoder, upgrade])
                    }
                }
                .connect(host: address.host, port: address.port).get()
        } catch {
            opened.fail(error)
            throw ChatSocketError.unreachable(address)
        }
        return ChatSocket(connection: try await opened.futureResult.get(), eventLoop: eventLoop)
    }

    func send(_ frame: JSONValue) {
        let text = ByteBuffer(bytes: frame.encoded)
        eventLoop.execute { connection.value.sendText(text) }
    }

    /// Says goodbye and does not wait for an answer.
    func close() async {
        try? await eventLoop.submit { connection.value.close() }.get()
    }

    private final class Delegate: WebSocketDelegate {
        private let receive: @Sendable (TerminalChat.Input) -> Void

        init(receive: @escaping @Sendable (TerminalChat.Input) -> Void) {
            self.receive = receive
        }

        func webSocketOpened(_ connection: WebSocketConnection) {
            receive(.opened)
        }

        func webSocket(_ connection: WebSocketConnection, receivedText payload: ByteBuffer) {
            // A server that sends anything else is broken; its next frame may not be.
            guard let frame = try? JSONValue(parsing: payload.readableBytesView) else { return }
            receive(.frame(frame))
        }

        func webSocketClosed(_ connection: WebSocketConnection, end: ConnectionEnd) {
            let reason = TerminalChat.printable(end.reason)
            receive(.closed(reason: reason.isEmpty ? "close code \(end.code)" : "\(reason) (close code \(end.code))"))
        }
    }
}
