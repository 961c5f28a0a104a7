import ChatServer
import ServiceLifecycle
import Sessions
import UnixSignals

/// Serves, and ends so that nothing is lost: at the first signal nobody is accepted any more, everybody is told, and replies
/// go on for a while; at the second one they end at once, as interrupted.
struct DrainingService: Service, CustomStringConvertible {
    /// For logs, which would show all of the server.
    let description = "DrainingService"

    let server: ChatServer
    let directory: SessionDirectory
    /// How long replies go on.
    let timeout: Duration

    /// How long connections get for their closing handshakes once everything is saved. 2 s: who answers at all does so in that,
    /// and a restart is not to wait for a phone that sleeps.
    private static let closingWait = Duration.seconds(2)

    private enum Part { case server, drain, signals, closing }

    func run() async throws {
        try await withThrowingTaskGroup(of: Part.self) { group in
            group.addTask {
                try await server.run()
                return .server
            }
            group.addTask {
                try await gracefulShutdown()
                await directory.drain(for: timeout)
                return .drain
            }
            group.addTask {
                var signals = 0
                // The service group hears the first one too.
                for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                    signals += 1
                    if signals == 2 { directory.interruptTurns() }
                }
                return .signals
            }
            var isDrained = false
            var isServing = true
            while let part = try await group.next() {
                switch part {
                case .server: isServing = false
                case .drain:
                    isDrained = true
                    group.addTask {
                        try await Task.sleep(for: Self.closingWait)
                        return .closing
                    }
                case .closing: isServing = false
                case .signals: break
                }
                // A server that ended without being told to has nothing to drain.
                if !isServing, isDrained || !Task.isShuttingDownGracefully { break }
            }
            group.cancelAll()
        }
    }
}
