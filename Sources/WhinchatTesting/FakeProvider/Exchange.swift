package import NIOCore

/// A request, and the connection on which a test or a scenario answers it, byte by byte as it likes.
package final class Exchange: Sendable {
    package let request: ReceivedRequest
    package let connection: ProviderConnection

    init(request: ReceivedRequest, connection: ProviderConnection) {
        self.request = request
        self.connection = connection
    }

    /// How the end of a body is told (RFC 9112 §6).
    package enum Framing: Hashable, Sendable {
        case chunked
        case contentLength(Int)
        case untilClose
    }

    /// The status line and headers as bytes.
    package static func head(
        status: Int = 200, headers: [(String, String)] = [("content-type", "text/event-stream")],
        framing: Framing = .chunked
    ) -> ByteBuffer {
        var lines = ["HTTP/1.1 \(status) \(status < 400 ? "OK" : "Error")"]
        lines += headers.map { "\($0.0): \($0.1)" }
        switch framing {
        case .chunked: lines.append("transfer-encoding: chunked")
        case .contentLength(let count): lines.append("content-length: \(count)")
        case .untilClose: lines.append("connection: close")
        }
        return ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
    }

    /// One chunk as bytes (RFC 9112 §7.1).
    package static func chunk(_ body: ByteBuffer) -> ByteBuffer {
        var chunk = ByteBuffer(string: String(body.readableBytes, radix: 16) + "\r\n")
        chunk.writeImmutableBuffer(body)
        chunk.writeStaticString("\r\n")
        return chunk
    }

    /// What ends a chunked body.
    package static let lastChunk = ByteBuffer(string: "0\r\n\r\n")

    package func sendHead(
        status: Int = 200, headers: [(String, String)] = [("content-type", "text/event-stream")],
        framing: Framing = .chunked
    ) async throws {
        try await connection.send(Self.head(status: status, headers: headers, framing: framing))
    }

    /// Sends one chunk in one write of its own.
    package func sendChunk(_ text: String) async throws {
        try await connection.send(Self.chunk(ByteBuffer(string: text)))
    }

    package func endChunks() async throws {
        try await connection.send(Self.lastChunk)
    }

    /// Sends a whole response with a content-length.
    package func respond(
        status: Int = 200, headers: [(String, String)] = [("content-type", "application/json")], body: String = ""
    ) async throws {
        var bytes = Self.head(status: status, headers: headers, framing: .contentLength(body.utf8.count))
        bytes.writeString(body)
        try await connection.send(bytes)
    }

    /// Streams a body in chunks of `pieceBytes`, each in a write of its own, and ends it.
    package func stream(_ body: [UInt8], pieceBytes: Int) async throws {
        try await sendHead()
        for start in stride(from: 0, to: body.count, by: max(1, pieceBytes)) {
            let piece = body[start..<min(body.count, start + max(1, pieceBytes))]
            try await connection.send(Self.chunk(ByteBuffer(bytes: piece)))
        }
        try await endChunks()
    }
}
