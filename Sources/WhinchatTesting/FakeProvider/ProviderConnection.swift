import Glibc
package import NIOCore

/// One connection to the fake provider.
package final class ProviderConnection: Sendable {
    /// Counts from 1 in the order in which connections were accepted.
    package let id: Int
    package let channel: any Channel
    package let opened = Moment.now()
    /// Completes when the connection has ended, whoever ended it.
    package var departure: EventLoopFuture<Departure> { tap.departure.futureResult }
    private let tap: ConnectionTap

    init(id: Int, channel: any Channel, tap: ConnectionTap) {
        self.id = id
        self.channel = channel
        self.tap = tap
    }

    /// Sends bytes in one write of their own; returns when the kernel has taken them.
    package func send(_ bytes: ByteBuffer) async throws {
        try await channel.writeAndFlush(bytes).get()
    }

    package func send(_ text: String) async throws {
        try await send(ByteBuffer(string: text))
    }

    /// Ends the connection after all that was sent: close_notify with TLS, then a FIN.
    package func finish() {
        channel.eventLoop.execute {
            self.tap.isEndedByProvider = true
            self.channel.close(promise: nil)
        }
    }

    /// Ends the connection by a FIN, without the close_notify that TLS wants.
    package func hangUp() {
        channel.eventLoop.execute { self.tap.closeBelowTLS() }
    }

    /// Breaks off: a RST, whatever was still to be sent.
    package func reset() {
        // A close with a linger time of 0 sends a RST (socket(7)).
        let isSet = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        isSet?.whenComplete { _ in self.tap.closeBelowTLS() }
    }

    /// Waits until the connection has ended.
    package func closed(within limit: TimeAmount = .seconds(120)) async throws -> Departure {
        try await departure.get(within: limit, waitingFor: "the end of connection \(id)")
    }
}
