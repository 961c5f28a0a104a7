package import NIOCore
package import WebSocket
package import WebSocketChannel

/// A WebSocket that is opened only to be closed with a code: a browser tells a page nothing about a refused handshake.
package final class ClosingConnection: WebSocketDelegate {
    private let code: CloseCode
    private let reason: String
    private let metrics: ConnectionMetrics

    package init(_ code: CloseCode, reason: String, _ metrics: ConnectionMetrics) {
        self.code = code
        self.reason = reason
        self.metrics = metrics
    }

    /// 4401 of the chat protocol.
    package static func unauthorised(
        _ reason: IdentityDecision.Reason, _ metrics: ConnectionMetrics
    ) -> ClosingConnection {
        let text =
            switch reason {
            case .nothingSent: "no identity: load the page first"
            case .noValidCookie: "the cookie is not valid: load the page again"
            case .unknownToken: "the token is not known"
            }
        return ClosingConnection(CloseCode(rawValue: 4401), reason: text, metrics)
    }

    package func webSocketOpened(_ connection: WebSocketConnection) {
        connection.close(code, reason: reason)
    }

    package func webSocket(_ connection: WebSocketConnection, receivedText payload: ByteBuffer) {}

    package func webSocketClosed(_ connection: WebSocketConnection, end: ConnectionEnd) {
        metrics.closed(end)
    }
}
