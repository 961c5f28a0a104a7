import CurlTransport
import Logging
import NIOCore
import NIOPosix
import WhinchatTesting

/// A way to the network, shared by all tests.
enum Network {
    private static let engine = Result {
        // Ignores the proxies of the machine that the tests run on.
        try CurlEngine(configuration: .init(proxy: .none), logger: Logger(label: "test"))
    }

    static func transfers() throws -> TransferQueue {
        try engine.get().makeQueue(on: MultiThreadedEventLoopGroup.singleton.next())
    }

    /// A server that answers each request as `answer` says, until the body is done.
    static func withServer(
        _ answer: @escaping @Sendable (Exchange) async throws -> Void, _ body: (FakeProvider) async throws -> Void
    ) async throws {
        let server = try await FakeProvider.start { exchange in Task { try await answer(exchange) } }
        do {
            try await body(server)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }
}
