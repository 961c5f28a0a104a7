/// A close code, RFC 6455 §7.4 and the IANA registry of WebSocket close codes.
package struct CloseCode: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// The purpose of the connection is fulfilled.
    package static let normal = CloseCode(rawValue: 1000)
    /// The server stops, or the page was left.
    package static let goingAway = CloseCode(rawValue: 1001)
    /// The peer broke RFC 6455.
    package static let protocolError = CloseCode(rawValue: 1002)
    /// A kind of data that this end does not take, such as a binary message.
    package static let unsupportedData = CloseCode(rawValue: 1003)
    /// Never on the wire: the peer's close frame had no code.
    package static let noStatusReceived = CloseCode(rawValue: 1005)
    /// Never on the wire: the connection ended without a close frame.
    package static let abnormalClosure = CloseCode(rawValue: 1006)
    /// Data that is not what its type says, such as a text that is not UTF-8.
    package static let invalidPayload = CloseCode(rawValue: 1007)
    /// The peer broke a rule of the application.
    package static let policyViolation = CloseCode(rawValue: 1008)
    /// A message larger than this end takes.
    package static let messageTooBig = CloseCode(rawValue: 1009)
    /// This end met something that it did not expect.
    package static let internalError = CloseCode(rawValue: 1011)
    /// The server restarts: come back.
    package static let serviceRestart = CloseCode(rawValue: 1012)
    /// The server is overloaded: come back later.
    package static let tryAgainLater = CloseCode(rawValue: 1013)

    /// Whether a close frame may carry the code.
    package var isAllowedOnTheWire: Bool {
        switch self.rawValue {
        // RFC 6455 §7.4.1: 1004 is reserved; 1005, 1006 and 1015 must not be set in a close frame. 1012 to 1014 came
        // with the IANA registry.
        case 1000...1003, 1007...1014: true
        // RFC 6455 §7.4.2: 3000-3999 are for libraries and frameworks, 4000-4999 for private use.
        case 3000...4999: true
        default: false
        }
    }
}

extension CloseCode: CustomStringConvertible {
    package var description: String { String(self.rawValue) }
}
