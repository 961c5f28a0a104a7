import Conversation
import JSON

/// An error in a provider's own words, from a response's body or from inside a stream.
struct UpstreamError {
    var message: String
    /// Anthropic's and OpenAI's `error.type`.
    var type: String?
    /// OpenAI's `error.code`; OpenRouter and llama.cpp put a status there.
    var code: String?
    var status: Int?
    var requestID: String?

    /// Reads the shapes that are in use: `{"error":{"type","message","code"}}`, `{"error":"…"}`, `{"message":"…"}` and
    /// `{"detail":"…"}`.
    init?(_ json: JSONValue) {
        requestID = json["request_id"]?.stringValue
        let error = json["error"].flatMap { $0.isNull ? nil : $0 } ?? json
        if let text = error.stringValue {
            message = text
            return
        }
        guard error.objectValue != nil else { return nil }
        type = error["type"]?.stringValue?.firstScalars(64)
        code = error["code"]?.stringValue?.firstScalars(64)
        status = error["code"]?.intValue ?? error["status"]?.intValue
        guard let text = error["message"]?.stringValue ?? error["detail"]?.stringValue else {
            // A body of no known shape is shown as it is, but only where it says that it is an error.
            guard json["error"] != nil || json["detail"] != nil else { return nil }
            message = error.jsonText
            return
        }
        message = text
    }

    init(message: String) { self.message = message }

    /// The same in the protocol's words. The HTTP status is the surest sign; inside a stream there is only the type.
    func modelError(
        status httpStatus: Int? = nil, retryAfter: Duration? = nil, requestID: String? = nil, text: UpstreamText
    ) -> ModelError {
        let status = httpStatus ?? self.status
        var (code, retryable) = Self.meaning(status: status) ?? Self.meaning(type: type ?? self.code)
        // An account without credit does not recover by itself, though the status is that of a busy one.
        if self.code == "insufficient_quota" || type == "insufficient_quota" {
            (code, retryable) = (.rateLimited, false)
        }
        return ModelError(
            code, message: text.clean(message), retryable: retryable, retryAfter: retryAfter, status: status,
            requestID: requestID ?? text.cleanRequestID(self.requestID))
    }

    private static func meaning(status: Int?) -> (code: ModelError.Code, retryable: Bool)? {
        switch status {
        case nil, .some(..<300): nil
        case 401, 403: (.auth, false)
        case 408, 504: (.timeout, true)
        case 429: (.rateLimited, true)
        case .some(500...): (.overloaded, true)
        default: (.rejected, false)
        }
    }

    private static func meaning(type: String?) -> (code: ModelError.Code, retryable: Bool) {
        switch type {
        case "authentication_error", "permission_error", "invalid_api_key": (.auth, false)
        case "rate_limit_error", "rate_limit_exceeded": (.rateLimited, true)
        case "timeout_error": (.timeout, true)
        case "invalid_request_error", "not_found_error", "request_too_large", "billing_error",
            "context_length_exceeded", "exceed_context_size_error":
            (.rejected, false)
        // `overloaded_error`, `api_error`, `server_error`, and what we do not know: the provider's trouble, not ours.
        default: (.overloaded, true)
        }
    }
}
