/// A close code of a chat connection: RFC 6455 §7.4.1, and the protocol's own in 4000 to 4999, which §7.4.2 leaves to us.
package enum ChatCloseCode: UInt16, Hashable, Sendable {
    case normal = 1000
    case goingAway = 1001
    case unsupportedData = 1003
    /// Too slow to read, or a flood of frames.
    case policyViolation = 1008
    case internalError = 1011
    case restarting = 1012
    case overloaded = 1013
    case unauthorised = 4401
    /// Nothing was said in time.
    case silent = 4408
    case tooMany = 4429
}
