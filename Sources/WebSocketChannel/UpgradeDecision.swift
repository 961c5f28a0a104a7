package import NIOCore
package import NIOHTTP1
package import WebSocket

/// What becomes of a request on a connection that may turn into a WebSocket.
package enum UpgradeDecision {
    /// Plain HTTP: the request goes on to the next handler.
    case notMine
    /// A WebSocket. The delegate is made on the event loop, when the request has been read to its end.
    /// - Parameter fields: of the 101 response, those of the handshake among them.
    case upgrade(
        fields: HTTPHeaders, configuration: WebSocketConfiguration,
        makeDelegate: (any Channel) -> any WebSocketDelegate)
    /// A response that says why not; `Content-Length` and `Connection: close` are added.
    case refuse(status: HTTPResponseStatus, fields: HTTPHeaders, body: ByteBuffer)
}

extension UpgradeDecision {
    /// The answer to a request that is for a WebSocket, by RFC 6455's rules and the policy.
    package static func handshake(
        _ head: HTTPRequestHead, policy: HandshakePolicy, configuration: WebSocketConfiguration,
        makeDelegate: @escaping (any Channel, HandshakeAcceptance) -> any WebSocketDelegate
    ) -> UpgradeDecision {
        let decision = OpeningHandshake.decide(
            method: head.method.rawValue, httpVersion: (head.version.major, head.version.minor), fields: head.headers,
            policy: policy)
        switch decision {
        case .accept(let acceptance):
            return .upgrade(
                fields: HTTPHeaders(acceptance.fields.map { ($0.name, $0.value) }), configuration: configuration,
                makeDelegate: { makeDelegate($0, acceptance) })
        case .refuse(let refusal):
            return .refuse(refusal)
        }
    }

    /// The refusal as an HTTP response.
    package static func refuse(_ refusal: HandshakeRefusal) -> UpgradeDecision {
        var fields = HTTPHeaders(refusal.fields.map { ($0.name, $0.value) })
        fields.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        return .refuse(
            status: HTTPResponseStatus(statusCode: refusal.status), fields: fields,
            body: ByteBuffer(string: refusal.reason + "\n"))
    }
}

/// What a connection has become.
package enum UpgradeResult<HTTP: Sendable>: Sendable {
    /// Its first request is plain HTTP: what `http` made of the channel.
    case http(HTTP)
    /// A WebSocket, whose delegate has it now.
    case webSocket
    /// Refused, or gone before it asked for anything.
    case ended
}
