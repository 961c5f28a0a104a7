import NIOCore
import NIOPosix
import Testing
import WebSocket

/// A TCP client that knows frames and nothing of our driver.
final class RawClient {
    /// The server ended the connection before it sent what was awaited.
    struct EndOfStream: Error {}

    let channel: any Channel
    private var inbound: AsyncStream<ByteBuffer>.Iterator
    private var decoder = FrameDecoder(
        role: .client, limits: FrameLimits(maxFrameBytes: 1 << 30, maxMessageBytes: 1 << 30))
    private var bytes = ByteBuffer()

    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let received: AsyncStream<ByteBuffer>.Continuation

        init(_ received: AsyncStream<ByteBuffer>.Continuation) { self.received = received }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.received.yield(self.unwrapInboundIn(data))
        }

        func channelInactive(context: ChannelHandlerContext) { self.received.finish() }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    /// - Parameter reads: where false, nothing is read from the socket until `startReading()`.
    init(_ server: TestServer, reads: Bool = true) async throws {
        let (stream, received) = AsyncStream.makeStream(of: ByteBuffer.self)
        self.inbound = stream.makeAsyncIterator()
        self.channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.autoRead, value: reads)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(received))
                }
            }
            .connect(host: "127.0.0.1", port: server.port).get()
    }

    func startReading() async throws {
        try await self.channel.setOption(.autoRead, value: true).get()
    }

    func send(_ bytes: ByteBuffer) async throws {
        try await self.channel.writeAndFlush(bytes)
    }

    func send(_ opcode: Opcode, _ text: String, isFinal: Bool = true) async throws {
        try await self.send(Self.frame(opcode, text, isFinal: isFinal))
    }

    static func frame(_ opcode: Opcode, _ text: String, isFinal: Bool = true) -> ByteBuffer {
        var bytes = ByteBuffer()
        FrameEncoder.write(
            opcode, payload: ByteBuffer(string: text), isFinal: isFinal, maskingKey: .random(), into: &bytes)
        return bytes
    }

    static func close(_ code: CloseCode) -> ByteBuffer {
        var bytes = ByteBuffer()
        FrameEncoder.writeClose(CloseFrame(code), maskingKey: .random(), into: &bytes)
        return bytes
    }

    /// A request's head; the handshake's for a WebSocket.
    static func request(_ path: String, _ fields: [(name: String, value: String)], method: String = "GET") -> ByteBuffer
    {
        let lines = fields.map { "\($0.name): \($0.value)\r\n" }.joined()
        return ByteBuffer(string: "\(method) \(path) HTTP/1.1\r\n\(lines)\r\n")
    }

    static func upgradeRequest() throws -> ByteBuffer {
        self.request("/chat", try ClientHandshake().fields(host: "localhost"))
    }

    /// Asks for a WebSocket and checks the answer.
    func upgrade(subprotocols: [String] = []) async throws -> String? {
        let handshake = try ClientHandshake(subprotocols: subprotocols)
        try await self.send(Self.request("/chat", handshake.fields(host: "localhost")))
        let head = try await self.head()
        return try handshake.check(status: head.status, fields: head.fields)
    }

    /// The next response's head.
    func head() async throws -> (status: Int, fields: [(name: String, value: String)]) {
        var text = ""
        while !text.hasSuffix("\r\n\r\n") {
            if let byte = self.bytes.readString(length: 1) {
                text += byte
            } else {
                try await self.receive()
            }
        }
        let lines = text.split(separator: "\r\n")
        let fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (name: String(parts[0]), value: String(parts.last?.drop { $0 == " " } ?? ""))
        }
        return (Int(lines[0].split(separator: " ")[1]) ?? 0, fields)
    }

    /// A whole response: status, fields, and the body by its Content-Length.
    func response() async throws -> (status: Int, fields: [(name: String, value: String)], body: String) {
        let head = try await self.head()
        let length = head.fields.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) }
        let bodyBytes = try #require(length)
        while self.bytes.readableBytes < bodyBytes { try await self.receive() }
        return (head.status, head.fields, self.bytes.readString(length: bodyBytes) ?? "")
    }

    /// The next message or control frame.
    func element() async throws -> FrameDecoder.Element {
        while true {
            if let element = try self.decoder.next(&self.bytes) { return element }
            try await self.receive()
        }
    }

    /// Waits for the server to end the connection; what it still sends before is returned.
    func end() async throws -> ByteBuffer {
        while let bytes = await self.next() { self.bytes.writeImmutableBuffer(bytes) }
        return self.bytes
    }

    private func receive() async throws {
        guard let bytes = await self.next() else { throw EndOfStream() }
        self.bytes.writeImmutableBuffer(bytes)
    }

    private func next() async -> ByteBuffer? {
        await self.inbound.next(isolation: #isolation)
    }
}

/// A text element.
func text(_ string: String) -> FrameDecoder.Element { .text(ByteBuffer(string: string)) }
