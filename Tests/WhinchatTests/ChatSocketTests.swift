import ChatServer
import JSON
import Logging
import NIOCore
import ServiceLifecycle
import Testing
import WebSocket
import WebSocketChannel

@testable import Whinchat

/// The terminal client's connection with a real server.
@Suite struct ChatSocketTests {
    /// Answers every frame with that frame, as its `echo`, then closes after a frame of type `end`.
    private final class Echo: WebSocketDelegate {
        /// Often in the same segment as the handshake's answer.
        func webSocketOpened(_ connection: WebSocketConnection) {
            connection.sendText(ByteBuffer(string: "{\"hello\":1}"))
        }

        func webSocket(_ connection: WebSocketConnection, receivedText payload: ByteBuffer) {
            var answer = ByteBuffer(string: "{\"echo\":")
            answer.writeImmutableBuffer(payload)
            answer.writeString("}")
            connection.sendText(answer)
            if String(buffer: payload).contains("\"end\"") { connection.close(.serviceRestart, reason: "back soon") }
        }

        func webSocketClosed(_ connection: WebSocketConnection, end: ConnectionEnd) {}
    }

    private func withServer(
        allowedOrigins: [WebOrigin] = [], _ body: (ChatAddress) async throws -> Void
    ) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let server = ChatServer(
            configuration: ChatServerConfiguration(port: 0, allowedOrigins: allowedOrigins),
            site: StaticSite(files: [:]),
            identityKey: try IdentityKey(), makeConnection: { _, _ in Echo() }, logger: logger
        ) { continuation.yield($0.port ?? 0) }
        let group = ServiceGroup(services: [server], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { continuation.finish() }
                try await group.run()
            }
            var iterator = ports.makeAsyncIterator()
            let port = await iterator.next() ?? 0
            let address = try #require(ChatAddress("http://127.0.0.1:\(port)"))
            let result: Result<Void, any Error>
            do { result = .success(try await body(address)) } catch { result = .failure(error) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try result.get()
        }
    }

    @Test func `frames go both ways until the server closes, and its reason is told`() async throws {
        try await withServer { address in
            let (inputs, continuation) = AsyncStream<TerminalChat.Input>.makeStream()
            let socket = try await ChatSocket.connect(to: address) { continuation.yield($0) }
            var iterator = inputs.makeAsyncIterator()
            #expect(await iterator.next() == .opened)
            #expect(await iterator.next() == .frame(["hello": 1]))
            let long = JSONValue.string(String(repeating: "ä", count: 50_000))
            socket.send(["type": "one", "text": long])
            #expect(await iterator.next() == .frame(["echo": ["type": "one", "text": long]]))
            socket.send(["type": "end"])
            #expect(await iterator.next() == .frame(["echo": ["type": "end"]]))
            #expect(await iterator.next() == .closed(reason: "back soon (close code 1012)"))
        }
    }

    @Test func `where the server knows no local identity, the client is told`() async throws {
        try await withServer(allowedOrigins: [try #require(WebOrigin("https://chat.example"))]) { address in
            let (inputs, continuation) = AsyncStream<TerminalChat.Input>.makeStream()
            _ = try await ChatSocket.connect(to: address) { continuation.yield($0) }
            var iterator = inputs.makeAsyncIterator()
            #expect(await iterator.next() == .opened)
            #expect(await iterator.next() == .closed(reason: "no identity: load the page first (close code 4401)"))
        }
    }

    @Test func `a refusal says why`() async throws {
        try await withServer { address in
            // A name of this machine that the server is not known by.
            let alias = try #require(ChatAddress("http://0.0.0.0:\(address.port)"))
            let error = await #expect(throws: ChatSocketError.self) {
                _ = try await ChatSocket.connect(to: alias) { _ in }
            }
            guard case .refused(403, let detail) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(detail.contains("Host"))
        }
    }

    @Test func `a port where nobody listens is said so`() async throws {
        let address = try #require(ChatAddress("http://127.0.0.1:1"))
        await #expect(throws: ChatSocketError.unreachable(address)) {
            _ = try await ChatSocket.connect(to: address) { _ in }
        }
    }
}
