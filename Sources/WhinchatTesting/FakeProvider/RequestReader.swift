import NIOCore
import NIOHTTP1

/// Gathers the parts of each request and hands it on whole. Responses go out as the bytes that a script says.
final class RequestReader: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let connection: ProviderConnection
    private let onExchange: @Sendable (Exchange) -> Void
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(connection: ProviderConnection, onExchange: @escaping @Sendable (Exchange) -> Void) {
        self.connection = connection
        self.onExchange = onExchange
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = ByteBuffer()
        case .body(var piece): body.writeBuffer(&piece)
        case .end:
            guard let head else { return }
            self.head = nil
            let request = ReceivedRequest(
                connectionID: connection.id, method: head.method.rawValue, path: head.uri,
                headers: head.headers.map { ($0.name.lowercased(), $0.value) }, body: body, moment: .now())
            onExchange(Exchange(request: request, connection: connection))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A peer that broke off has closed the channel already; one that does not speak HTTP is not worth an answer.
        if error is HTTPParserError { connection.finish() }
    }
}
