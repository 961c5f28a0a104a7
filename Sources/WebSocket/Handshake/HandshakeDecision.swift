/// A server's answer to an opening handshake.
package enum HandshakeDecision: Equatable, Sendable {
    case accept(HandshakeAcceptance)
    case refuse(HandshakeRefusal)
}

/// A 101 response.
package struct HandshakeAcceptance: Equatable, Sendable {
    /// The value of `Sec-WebSocket-Accept`.
    package var acceptValue: String
    /// The value of `Sec-WebSocket-Protocol`; `nil` where nothing that was offered is spoken.
    package var subprotocol: String?
    /// All that was offered, in the client's order.
    package var offeredSubprotocols: [String]

    package init(acceptValue: String, subprotocol: String?, offeredSubprotocols: [String]) {
        self.acceptValue = acceptValue
        self.subprotocol = subprotocol
        self.offeredSubprotocols = offeredSubprotocols
    }

    /// The fields of the response. RFC 6455 §4.2.2 step 5.
    package var fields: [(name: String, value: String)] {
        var fields = [
            (name: "Upgrade", value: "websocket"),
            (name: "Connection", value: "Upgrade"),
            (name: "Sec-WebSocket-Accept", value: self.acceptValue),
        ]
        if let subprotocol = self.subprotocol {
            fields.append((name: "Sec-WebSocket-Protocol", value: subprotocol))
        }
        return fields
    }
}

/// A response that refuses, and why.
package struct HandshakeRefusal: Error, Equatable, Sendable {
    /// Why a handshake is refused.
    package enum Cause: Equatable, Sendable {
        case methodNotGET
        case httpVersionTooLow
        /// `Host` missing or more than once.
        case hostNotOnce
        case hasBody
        case upgradeMissing
        case connectionMissing
        /// `Sec-WebSocket-Key` missing or more than once.
        case keyNotOnce
        case keyNotSixteenBytes
        /// `Sec-WebSocket-Version` missing, more than once or not 13.
        case versionNotSupported
        case originNotOnce
        case sourceRefused
        /// libcrypto has no SHA-1.
        case digestUnavailable
    }

    package var cause: Cause

    package init(_ cause: Cause) {
        self.cause = cause
    }

    /// The HTTP status code.
    package var status: Int {
        switch self.cause {
        case .methodNotGET: 405
        case .httpVersionTooLow: 505
        case .upgradeMissing, .connectionMissing, .versionNotSupported: 426
        case .hostNotOnce, .hasBody, .keyNotOnce, .keyNotSixteenBytes, .originNotOnce: 400
        case .sourceRefused: 403
        case .digestUnavailable: 500
        }
    }

    /// The response's body: one line for a person.
    package var reason: String {
        switch self.cause {
        case .methodNotGET: "a WebSocket opens with GET"
        case .httpVersionTooLow: "a WebSocket opens with HTTP/1.1"
        case .hostNotOnce: "exactly one Host is needed"
        case .hasBody: "a WebSocket's request has no body"
        case .upgradeMissing: "Upgrade: websocket is needed here"
        case .connectionMissing: "Connection: Upgrade is needed here"
        case .keyNotOnce: "exactly one Sec-WebSocket-Key is needed"
        case .keyNotSixteenBytes: "Sec-WebSocket-Key must be 16 bytes in base64"
        case .versionNotSupported: "Sec-WebSocket-Version must be 13"
        case .originNotOnce: "more than one Origin"
        case .sourceRefused: "this Origin or Host may not open a WebSocket here"
        case .digestUnavailable: "no SHA-1 in this server's OpenSSL"
        }
    }

    /// Fields that the response must carry beside those of its body.
    package var fields: [(name: String, value: String)] {
        switch self.cause {
        // RFC 9110 §15.5.6: a 405 must say what is allowed.
        case .methodNotGET:
            [(name: "Allow", value: "GET")]
        // RFC 6455 §4.2.2 step 4: tell the versions understood. RFC 9110 §15.5.22: a 426 must name the protocol.
        case .upgradeMissing, .connectionMissing, .versionNotSupported:
            [(name: "Upgrade", value: "websocket"), (name: "Sec-WebSocket-Version", value: "13")]
        case .httpVersionTooLow, .hostNotOnce, .hasBody, .keyNotOnce, .keyNotSixteenBytes, .originNotOnce,
            .sourceRefused, .digestUnavailable:
            []
        }
    }
}
