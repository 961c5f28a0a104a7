package import WebSocket

/// How a WebSocket is kept on a channel.
package struct WebSocketConfiguration: Equatable, Sendable {
    /// What a peer may send at once, in bytes: 1 MiB a frame and a message by default.
    package var limits: FrameLimits
    /// Where false, a binary message closes with 1003. True by default, as RFC 6455 has both kinds.
    package var acceptsBinary: Bool
    /// From one keep-alive ping to the next. 20 s by default: proxies cut a silent connection after 30 to 60 s. A
    /// shorter interval than `keepAliveWait` is stretched to that. `nil` sends none.
    package var keepAliveInterval: Duration?
    /// How long a peer may be silent after a ping. 20 s by default: a phone that changes its network needs a few.
    package var keepAliveWait: Duration
    /// How long a peer may take to answer a close frame, and after it to end its side of the transport. 5 s each by
    /// default: a live peer needs a round trip.
    package var closeWait: Duration

    package init(
        limits: FrameLimits = FrameLimits(), acceptsBinary: Bool = true,
        keepAliveInterval: Duration? = .seconds(20), keepAliveWait: Duration = .seconds(20),
        closeWait: Duration = .seconds(5)
    ) {
        self.limits = limits
        self.acceptsBinary = acceptsBinary
        self.keepAliveInterval = keepAliveInterval
        self.keepAliveWait = keepAliveWait
        self.closeWait = closeWait
    }
}
