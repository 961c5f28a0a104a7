import NIOConcurrencyHelpers
package import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A real HTTP/1.1 server on loopback whose answers are scripted by whoever holds it: any bytes at any boundaries, silence,
/// a proper or an improper end. It tells how and when its peers left.
///
/// Without a script each request waits for `nextExchange`, and the test plays the provider.
package final class FakeProvider: Sendable {
    private struct State {
        var connections: [ProviderConnection] = []
        var waiting: [Exchange] = []
        var waiters: [(id: Int, promise: EventLoopPromise<Exchange>)] = []
        var waiterCount = 0
    }

    /// Never shut down: a test's last task may still be writing when its provider has stopped.
    private static let sharedGroup = MultiThreadedEventLoopGroup(numberOfThreads: 2)

    private let group: any EventLoopGroup
    private let channel: any Channel
    private let state: NIOLockedValueBox<State>
    package let isTLS: Bool
    package let port: Int

    /// `http://127.0.0.1:PORT`, or with TLS `https://localhost:PORT`, for which the test certificate stands.
    package var baseURL: String { isTLS ? "https://localhost:\(port)" : "http://127.0.0.1:\(port)" }

    /// - Parameters:
    ///   - port: 0 takes a free one.
    ///   - certificate: speaks TLS with it; nil: plain.
    ///   - group: event loops; nil: two threads that all providers of the process share.
    ///   - onExchange: answers requests; called on the connection's event loop.
    package static func start(
        port: Int = 0, certificate: TestCertificate? = nil, group: (any EventLoopGroup)? = nil,
        onExchange: (@Sendable (Exchange) -> Void)? = nil
    ) async throws -> FakeProvider {
        let group = group ?? Self.sharedGroup
        let state = NIOLockedValueBox(State())
        let onExchange = onExchange ?? { exchange in Self.offer(exchange, to: state) }
        let channel = try await ServerBootstrap(group: group)
            // 4096: a thousand clients that connect at once must not meet a full queue.
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let tap = ConnectionTap(eventLoop: channel.eventLoop)
                    let connection = state.withLockedValue { state in
                        let id = state.connections.count + 1
                        let connection = ProviderConnection(id: id, channel: channel, tap: tap)
                        state.connections.append(connection)
                        return connection
                    }
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(tap)
                    if let certificate { try pipeline.addHandler(NIOSSLServerHandler(context: certificate.context)) }
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
                    try pipeline.addHandler(RequestReader(connection: connection, onExchange: onExchange))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return FakeProvider(group: group, channel: channel, state: state, isTLS: certificate != nil)
    }

    private init(
        group: any EventLoopGroup, channel: any Channel, state: NIOLockedValueBox<State>, isTLS: Bool
    ) {
        self.group = group
        self.channel = channel
        self.state = state
        self.isTLS = isTLS
        self.port = channel.localAddress?.port ?? 0
    }

    /// Every connection so far, in the order in which they were accepted.
    package var connections: [ProviderConnection] { state.withLockedValue { $0.connections } }

    /// Waits for the next request that nobody has taken.
    package func nextExchange(within limit: TimeAmount = .seconds(120)) async throws -> Exchange {
        let promise = group.any().makePromise(of: Exchange.self)
        let (ready, id) = state.withLockedValue { state -> (Exchange?, Int) in
            if !state.waiting.isEmpty { return (state.waiting.removeFirst(), 0) }
            state.waiterCount += 1
            state.waiters.append((state.waiterCount, promise))
            return (nil, state.waiterCount)
        }
        if let ready { promise.succeed(ready) }
        do {
            return try await promise.futureResult.get(within: limit, waitingFor: "a request")
        } catch {
            // A waiter that has given up must not swallow a later request.
            state.withLockedValue { state in state.waiters.removeAll { $0.id == id } }
            throw error
        }
    }

    /// Stops listening and closes every connection.
    package func stop() async {
        try? await channel.close().get()
        for connection in connections {
            connection.hangUp()
            _ = try? await connection.departure.get()
        }
    }

    private static func offer(_ exchange: Exchange, to state: NIOLockedValueBox<State>) {
        let waiter = state.withLockedValue { state -> EventLoopPromise<Exchange>? in
            if !state.waiters.isEmpty { return state.waiters.removeFirst().promise }
            state.waiting.append(exchange)
            return nil
        }
        waiter?.succeed(exchange)
    }
}
