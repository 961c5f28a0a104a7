package import CurlTransport

extension ModelError {
    /// The response ended, or the connection broke, before the provider had said that the reply is finished.
    static func truncated(requestID: String?) -> ModelError {
        ModelError(
            .truncated, message: "The provider's reply broke off before its end.", retryable: true,
            requestID: requestID)
    }

    static func malformed(_ what: String, status: Int? = nil, requestID: String?) -> ModelError {
        ModelError(.malformed, message: what, retryable: false, status: status, requestID: requestID)
    }

    package init(_ error: ServerSentEventError) {
        switch error {
        case .eventTooLarge(let limit):
            self = .malformed("The provider sent an event of more than \(limit) bytes.", requestID: nil)
        }
    }

    /// What a failed transfer means for the call.
    package init(_ error: TransferError, requestID: String? = nil) {
        let (code, retryable): (Code, Bool) =
            switch error.kind {
            case .invalidRequest: (.internal, false)
            case .couldNotResolve, .couldNotConnect, .proxy: (.unreachable, true)
            // A certificate that is not to be trusted is none the better a second later.
            case .tls: (.unreachable, false)
            case .connectTimeout: (.timeout, true)
            case .truncated, .connectionLost: (.truncated, true)
            case .malformed: (.malformed, false)
            case .unavailable: (.internal, true)
            }
        self.init(code, message: error.message, retryable: retryable, requestID: requestID)
    }
}
