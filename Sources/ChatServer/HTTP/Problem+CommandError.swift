package import ChatProtocol
import Conversation
import HTTPTypes
import JSON

extension Problem {
    /// A refused command. docs/protocol.md has the statuses.
    package init(_ error: CommandError) {
        self.init(
            Self.status(of: error.code), error.message, code: error.code.rawValue, field: error.field,
            retryable: error.retryable)
        if let seconds = Self.secondsToWait(error) { headers[.retryAfter] = "\(seconds)" }
        if error.code == .unauthorised { headers[.wwwAuthenticate] = Self.challenge }
    }

    /// A refused command, as its `error` frame says it.
    init(errorFrame bytes: UnsafeRawBufferPointer) {
        let frame = (try? JSONValue(parsing: bytes)) ?? .null
        let code = frame["code"]?.stringValue.flatMap(ErrorCode.init) ?? .internal
        self.init(
            CommandError(
                code, frame["message"]?.stringValue ?? "", field: frame["field"]?.stringValue,
                retryable: frame["retryable"]?.boolValue ?? false,
                retryAfter: frame["retry_after_ms"]?.intValue.map { .milliseconds($0) }))
    }

    /// RFC 9110 §11.6.1: a 401 names a scheme. There is none registered for cookies.
    private static var challenge: String { "Cookie realm=\"whinchat\"" }

    /// Seconds after which one who is told nothing else may try again. 60: what is counted is counted over minutes and more.
    private static let quotaWait = 60

    private static func status(of code: ErrorCode) -> HTTPResponse.Status {
        switch code {
        case .badJSON, .unknownType, .badField, .notOpen: .badRequest
        case .tooLarge, .messageTooLong: .contentTooLarge
        case .notFound: .notFound
        case .busy, .conflict: .conflict
        case .unauthorised: .unauthorized
        case .rateLimited, .quotaExceeded: .tooManyRequests
        case .overloaded, .storage: .serviceUnavailable
        case .upstreamUnreachable, .upstreamTimeout, .upstreamStalled, .upstreamTruncated, .upstreamRateLimited,
            .upstreamOverloaded, .upstreamRejected, .upstreamAuth, .upstreamMalformed:
            .badGateway
        case .internal: .internalServerError
        }
    }

    private static func secondsToWait(_ error: CommandError) -> Int? {
        if let wait = error.retryAfter { return (wait.wholeMilliseconds + 999) / 1000 }
        switch error.code {
        case .rateLimited, .quotaExceeded: return quotaWait
        case .overloaded, .storage: return 1
        default: return nil
        }
    }
}
