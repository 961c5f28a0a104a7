import NIOCore
import NIOPosix

/// A TCP connection on which a test says exactly what it likes.
struct RawConnection {
    struct Response: Equatable {
        var status: Int
        var headers: [(name: String, value: String)]
        var body: String

        subscript(name: String) -> String? {
            let values = headers.filter { $0.name == name.lowercased() }.map(\.value)
            return values.isEmpty ? nil : values.joined(separator: ", ")
        }

        static func == (left: Self, right: Self) -> Bool {
            left.status == right.status && left.body == right.body && left.headers.elementsEqual(right.headers, by: ==)
        }
    }

    struct Ended: Error {}

    private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var buffer = ByteBuffer()

    /// Runs a conversation on a connection of its own.
    @discardableResult
    static func with<Result>(
        port: Int, host: String = "127.0.0.1", _ body: (inout RawConnection) async throws -> Result
    ) async throws -> Result {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var connection = RawConnection(iterator: inbound.makeAsyncIterator(), outbound: outbound)
            return try await body(&connection)
        }
    }

    mutating func send(_ text: String) async throws {
        try await outbound.write(ByteBuffer(string: text))
    }

    mutating func send(_ bytes: ByteBuffer) async throws {
        try await outbound.write(bytes)
    }

    /// Sends a request and reads its response.
    mutating func request(
        _ method: String = "GET", _ path: String = "/", host: String? = "127.0.0.1", fields: [(String, String)] = []
    ) async throws -> Response {
        var text = "\(method) \(path) HTTP/1.1\r\n"
        if let host { text += "Host: \(host)\r\n" }
        for (name, value) in fields { text += "\(name): \(value)\r\n" }
        try await send(text + "\r\n")
        return try await response(hasBody: method != "HEAD")
    }

    mutating func response(hasBody: Bool = true) async throws -> Response {
        while true {
            let text = String(buffer: buffer)
            if let end = text.range(of: "\r\n\r\n") {
                buffer.moveReaderIndex(forwardBy: text.utf8.distance(from: text.startIndex, to: end.upperBound))
                let lines = text[..<end.lowerBound].split(separator: "\r\n")
                let headers = lines.dropFirst().map { line in
                    let parts = line.split(separator: ":", maxSplits: 1)
                    return (
                        name: parts[0].lowercased(), value: parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
                    )
                }
                var response = Response(status: Int(lines[0].split(separator: " ")[1]) ?? 0, headers: headers, body: "")
                if hasBody, response.status != 101, let length = response["content-length"].flatMap({ Int($0) }) {
                    response.body = String(buffer: try await bytes(length))
                }
                return response
            }
            try await readMore()
        }
    }

    mutating func bytes(_ count: Int) async throws -> ByteBuffer {
        while buffer.readableBytes < count { try await readMore() }
        return buffer.readSlice(length: count) ?? ByteBuffer()
    }

    /// Waits for the peer to end the connection.
    mutating func waitForEnd() async throws {
        while let more = try await iterator.next(isolation: #isolation) { buffer.writeImmutableBuffer(more) }
    }

    private mutating func readMore() async throws {
        guard let more = try await iterator.next(isolation: #isolation) else { throw Ended() }
        buffer.writeImmutableBuffer(more)
    }
}

extension StringProtocol {
    fileprivate func range(of text: String) -> Range<Index>? {
        ranges(of: text).first
    }
}
