import JSON
import NIOCore
import NIOHTTP1
import NIOPosix

/// One POST over a connection of its own.
enum HTTPExchange {
    /// Posts JSON and hands the response's body out as it comes, each piece with the time since the request was sent. The
    /// connection is made before.
    ///
    /// - Returns: the response's status
    static func post(
        _ body: JSONValue, to path: String, of address: ChatAddress, accept: String,
        take: (ByteBuffer, Duration) throws -> Void
    ) async throws -> Int {
        let channel: NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>
        do {
            channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: address.host, port: address.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                    }
                }
        } catch {
            throw ChatSocketError.unreachable(address)
        }
        return try await channel.executeThenClose { inbound, outbound in
            let bytes = ByteBuffer(bytes: body.encoded)
            let headers: HTTPHeaders = [
                "Host": address.authority, "Content-Type": "application/json", "Accept": accept,
                "Content-Length": "\(bytes.readableBytes)", "Connection": "close",
            ]
            let start = ContinuousClock.now
            try await outbound.write(
                contentsOf: [
                    .head(HTTPRequestHead(version: .http1_1, method: .POST, uri: path, headers: headers)),
                    .body(.byteBuffer(bytes)), .end(nil),
                ])
            var status: Int?
            for try await part in inbound {
                switch part {
                case .head(let head): status = Int(head.status.code)
                case .body(let piece): try take(piece, ContinuousClock.now - start)
                case .end: return status ?? 0
                }
            }
            throw ChatSocketError.noAnswer
        }
    }
}
