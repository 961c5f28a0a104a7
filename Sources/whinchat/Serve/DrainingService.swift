import ChatServer
import ServiceLifecycle
import Sessions
import UnixSignals

/// Serves, and ends so that nothing is lost: at the first signal nobody is accepted any more, everybody is told, and replies
/// go on for a while; at the second one they end at once, as interrupted.
struct DrainingService: Service {
    let server: ChatServer
    let directory: SessionDirectory
    /// How long replies go on.
    let timeout: Duration

    func run() async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { try await server.run() }
            group.addTask {
                try await gracefulShutdown()
                await directory.drain(for: timeout)
            }
            group.addTask {
                var signals = 0
                // The service group hears the first one too.
                for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                    signals += 1
                    if signals == 2 { directory.interruptTurns() }
                }
            }
            // The server ends once every connection has; those that follow a reply end with it.
            try await group.next()
            if !Task.isShuttingDownGracefully { group.cancelAll() }
            try await group.next()
            group.cancelAll()
        }
    }
}
