import ChatServer
import Foundation
import Logging
import NIOCore
import ServiceLifecycle
import WebSocket
import WebSocketChannel

/// A chat server on a free port for as long as a test needs it.
struct RunningServer {
    let port: Int
    let key: IdentityKey
    let echoes: EchoConnections

    /// The identity cookie's name and a value of that server's.
    func cookie() throws -> String {
        let cookie = IdentityCookie(key: key)
        return "\(cookie.name)=\(try cookie.issue())"
    }

    static let site = StaticSite(files: [
        "/": StaticFile(contents: ByteBuffer(string: "<!doctype html>hello"), name: "index.html"),
        "/js/app.js": StaticFile(contents: ByteBuffer(string: "export {}"), name: "app.js"),
    ])

    /// Runs a test against a server, then shuts it down gracefully and waits for its end.
    @discardableResult
    static func with<Result: Sendable>(
        _ configuration: ChatServerConfiguration = ChatServerConfiguration(port: 0),
        _ body: (RunningServer) async throws -> Result
    ) async throws -> Result {
        let key = try IdentityKey()
        let echoes = EchoConnections()
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let server = ChatServer(
            configuration: configuration, site: site, identityKey: key, makeConnection: { echoes.make($0, $1) },
            logger: quiet
        ) { continuation.yield($0.port ?? 0) }
        let group = ServiceGroup(services: [server], logger: quiet)
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { continuation.finish() }
                try await group.run()
            }
            var iterator = ports.makeAsyncIterator()
            guard let port = await iterator.next() else {
                try await tasks.waitForAll()
                throw RawConnection.Ended()
            }
            let result: Result
            do {
                result = try await body(RunningServer(port: port, key: key, echoes: echoes))
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return result
        }
    }

    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
