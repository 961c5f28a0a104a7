import NIOCore
import NIOHTTP1

/// Keeps what Hummingbird's requests do not: it drops a second `Host` and the HTTP version, and it compares
/// `Connection` with exactly `close`.
final class RequestNormaliser: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else {
            context.fireChannelRead(data)
            return
        }
        let hosts = head.headers["host"]
        if hosts.count > 1 {
            // As a list it is no longer one host: the guard refuses it (RFC 9112 §3.2).
            head.headers.replaceOrAdd(name: "Host", value: hosts.joined(separator: ", "))
        }
        // An HTTP/1.0 client may wait for the end of the connection as the end of the response.
        if !head.isKeepAlive || head.version != .http1_1 {
            head.headers.replaceOrAdd(name: "Connection", value: "close")
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}
