import NIOCore
import NIOPosix
import Testing

@testable import Whinchat

/// The reasons, from real failures.
@Suite struct BindFailureTests {
    private func reason(host: String, port: Int) async throws -> String? {
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(host: host, port: port).get()
            try await channel.close()
            return nil
        } catch {
            return BindFailure.reason(error, host: host, port: port)
        }
    }

    @Test func `a port in use`() async throws {
        let other = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(other.localAddress?.port)
        #expect(try await reason(host: "127.0.0.1", port: port)?.contains("\(port) of 127.0.0.1 is in use") == true)
        try await other.close()
    }

    @Test func `an address of another machine`() async throws {
        // RFC 5737: for documentation, nobody's.
        #expect(try await reason(host: "203.0.113.9", port: 0)?.contains("not an address of this machine") == true)
    }

    @Test func `a name that nobody knows`() async throws {
        // RFC 6761 §6.4: never resolves.
        #expect(try await reason(host: "no.such.invalid", port: 0)?.contains("cannot be resolved") == true)
    }

    @Test func `an error that is not about binding is none`() {
        #expect(BindFailure.reason(ChannelError.alreadyClosed, host: "h", port: 1) == nil)
    }
}
