/// A client's side of the opening handshake, RFC 6455 §4.1: for the terminal client and for tests.
package struct ClientHandshake: Equatable, Sendable {
    /// Why a server's answer does not open a WebSocket.
    package enum Failure: Error, Equatable, Sendable {
        /// libcrypto gave no random numbers or no SHA-1.
        case cryptographyUnavailable
        case statusNotSwitchingProtocols(Int)
        case upgradeMissing
        case connectionMissing
        case acceptValueWrong
        /// A subprotocol that was not offered.
        case subprotocolNotOffered(String)
        /// An extension: none was offered.
        case extensionNotOffered(String)
    }

    /// `Sec-WebSocket-Key`.
    package let key: String
    /// What the client speaks, the one it likes best first.
    package let subprotocols: [String]

    package init(subprotocols: [String] = []) throws(Failure) {
        guard let key = HandshakeKey.random() else { throw .cryptographyUnavailable }
        self.key = key
        self.subprotocols = subprotocols
    }

    /// The request's fields, `Host` first.
    package func fields(host: String) -> [(name: String, value: String)] {
        var fields = [
            (name: "Host", value: host),
            (name: "Upgrade", value: "websocket"),
            (name: "Connection", value: "Upgrade"),
            (name: "Sec-WebSocket-Key", value: self.key),
            (name: "Sec-WebSocket-Version", value: "13"),
        ]
        if !self.subprotocols.isEmpty {
            fields.append((name: "Sec-WebSocket-Protocol", value: self.subprotocols.joined(separator: ", ")))
        }
        return fields
    }

    /// Checks the server's answer.
    /// - Returns: the subprotocol that the server chose.
    package func check(
        status: Int, fields: some Sequence<(name: String, value: String)>
    ) throws(Failure) -> String? {
        let fields = HeaderFields(fields)
        // RFC 6455 §4.1, what a client must validate, in its order.
        guard status == 101 else { throw .statusNotSwitchingProtocols(status) }
        guard fields.hasToken("websocket", in: "upgrade") else { throw .upgradeMissing }
        guard fields.hasToken("upgrade", in: "connection") else { throw .connectionMissing }
        guard let expected = HandshakeKey.acceptValue(for: self.key) else { throw .cryptographyUnavailable }
        guard fields.only("sec-websocket-accept") == expected else { throw .acceptValueWrong }
        if let unwanted = fields.tokens("sec-websocket-extensions").first { throw .extensionNotOffered(unwanted) }
        let chosen = fields.tokens("sec-websocket-protocol")
        guard let subprotocol = chosen.first else { return nil }
        guard chosen.count == 1, self.subprotocols.contains(subprotocol) else {
            throw .subprotocolNotOffered(subprotocol)
        }
        return subprotocol
    }
}
