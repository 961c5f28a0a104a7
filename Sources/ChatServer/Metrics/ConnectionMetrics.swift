import ChatProtocol
package import CoreMetrics
import WebSocket

/// Chat WebSockets that come and go.
package struct ConnectionMetrics: Sendable {
    private let factory: any MetricsFactory
    private let openings: Counter

    package init(factory: any MetricsFactory) {
        self.factory = factory
        openings = Counter(label: "whinchat_websocket_connections_opened_total", factory: factory)
    }

    func opened() { openings.increment() }

    func closed(_ end: ConnectionEnd) {
        Counter(
            label: "whinchat_websocket_connections_closed_total",
            dimensions: [("code", Self.counted(end.code)), ("by", "\(end.initiator)")], factory: factory
        ).increment()
    }

    /// A peer may say any of thousands of codes: those of RFC 6455 §7.4.1 and of the protocol are told apart.
    private static func counted(_ code: CloseCode) -> String {
        let isKnown = (1000...1015).contains(code.rawValue) || ChatCloseCode(rawValue: code.rawValue) != nil
        return isKnown ? "\(code.rawValue)" : "other"
    }
}
