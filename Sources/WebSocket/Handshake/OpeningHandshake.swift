/// A server's side of the opening handshake, RFC 6455 §4.2.
package enum OpeningHandshake {
    /// Answers a request.
    /// - Parameter fields: the request's header fields in order, repeated ones as they came.
    package static func decide(
        method: String, httpVersion: (major: Int, minor: Int),
        fields: some Sequence<(name: String, value: String)>, policy: HandshakePolicy
    ) -> HandshakeDecision {
        do {
            return .accept(
                try Self.accept(method: method, httpVersion: httpVersion, fields: HeaderFields(fields), policy: policy))
        } catch {
            return .refuse(error)
        }
    }

    /// Whether a request asks for a WebSocket at all, well or badly: its `Upgrade` names `websocket`.
    package static func isAttempted(fields: some Sequence<(name: String, value: String)>) -> Bool {
        HeaderFields(fields).hasToken("websocket", in: "upgrade")
    }

    private static func accept(
        method: String, httpVersion: (major: Int, minor: Int), fields: HeaderFields, policy: HandshakePolicy
    ) throws(HandshakeRefusal) -> HandshakeAcceptance {
        // RFC 6455 §4.2.1: the parts of a client's handshake, in its order.
        // 1. An HTTP/1.1 or higher GET request.
        guard method == "GET" else { throw HandshakeRefusal(.methodNotGET) }
        guard httpVersion.major == 1 && httpVersion.minor >= 1 else { throw HandshakeRefusal(.httpVersionTooLow) }
        // 2. A Host field. RFC 9112 §3.2: more than one is a 400.
        guard let host = fields.only("host") else { throw HandshakeRefusal(.hostNotOnce) }
        // 3. An Upgrade field with the value "websocket", as a case-insensitive token.
        guard fields.hasToken("websocket", in: "upgrade") else { throw HandshakeRefusal(.upgradeMissing) }
        // 4. A Connection field with the token "Upgrade".
        guard fields.hasToken("upgrade", in: "connection") else { throw HandshakeRefusal(.connectionMissing) }
        // What follows the head are frames: a body there would be one reader's frames and another's request.
        guard fields.values("content-length").allSatisfy({ $0 == "0" }), fields.values("transfer-encoding").isEmpty
        else { throw HandshakeRefusal(.hasBody) }
        // 6. A version of 13; checked before the key, as another version may have another key.
        guard fields.only("sec-websocket-version") == "13" else { throw HandshakeRefusal(.versionNotSupported) }
        // 5. A key with a base64 value that, when decoded, is 16 bytes in length.
        guard let key = fields.only("sec-websocket-key") else { throw HandshakeRefusal(.keyNotOnce) }
        guard HandshakeKey.isValid(key) else { throw HandshakeRefusal(.keyNotSixteenBytes) }
        // 7. Optionally an Origin field.
        let origins = fields.values("origin")
        guard origins.count <= 1 else { throw HandshakeRefusal(.originNotOnce) }
        guard policy.accepts(HandshakePolicy.Source(origin: origins.first, host: host)) else {
            throw HandshakeRefusal(.sourceRefused)
        }
        // 8. Optionally a list of subprotocols, and §4.2.2 step 5: one of those that the client offered, or none.
        let offered = fields.tokens("sec-websocket-protocol")
        let subprotocol = policy.subprotocols.first { offered.contains($0) }
        guard let acceptValue = HandshakeKey.acceptValue(for: key) else { throw HandshakeRefusal(.digestUnavailable) }
        return HandshakeAcceptance(
            acceptValue: acceptValue, subprotocol: subprotocol, offeredSubprotocols: offered)
    }
}
