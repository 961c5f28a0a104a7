import ArgumentParser
import NIOCore
import NIOHTTP1
import NIOPosix
import WebSocket
import WebSocketChannel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Sends back whatever it is sent: what the Autobahn cases are run against.
@main
struct EchoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "websocket-echo", abstract: "A WebSocket server that echoes text and binary messages.")

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 takes any that is free.")
    var port = 9001

    @Option(help: "The largest frame and message taken, in bytes.")
    var maxMessageBytes = 1 << 20

    func validate() throws {
        guard self.maxMessageBytes > 0 else { throw ValidationError("--max-message-bytes must be above 0") }
        guard (0...65535).contains(self.port) else { throw ValidationError("--port must be from 0 to 65535") }
    }

    func run() async throws {
        let limits = FrameLimits(maxFrameBytes: self.maxMessageBytes, maxMessageBytes: self.maxMessageBytes)
        let configuration = WebSocketConfiguration(limits: limits)
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    _ = try WebSocketUpgrade.configure(
                        channel,
                        decide: { head in
                            .handshake(head, policy: HandshakePolicy(), configuration: configuration) { _, _ in Echo() }
                        },
                        // Every request is decided above: there is no plain HTTP here.
                        http: { _ in })
                }
            }
            .bind(host: self.host, port: self.port)
            .get()
        print("listening on \(self.host):\(server.localAddress?.port ?? self.port)")
        fflush(nil)
        try await server.closeFuture.get()
    }
}
