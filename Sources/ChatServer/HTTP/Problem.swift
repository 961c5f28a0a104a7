package import HTTPTypes
package import Hummingbird
import JSON
import NIOCore

/// An error as the body of an HTTP response, `application/problem+json` (RFC 9457).
package struct Problem: Error, Equatable, Sendable {
    package var status: HTTPResponse.Status

    /// What happened and what to do about it, for people.
    package var detail: String

    /// One of the protocol's error codes, where one fits.
    package var code: String?

    /// What of the request was wrong: a member of the body, a parameter of the query.
    package var field: String?

    /// The same may succeed later. nil: as the status says.
    package var retryable: Bool?

    /// Further fields of the response.
    package var headers: HTTPFields

    package init(
        _ status: HTTPResponse.Status, _ detail: String, code: String? = nil, field: String? = nil,
        retryable: Bool? = nil, headers: HTTPFields = [:]
    ) {
        self.status = status
        self.detail = detail
        self.code = code
        self.field = field
        self.retryable = retryable
        self.headers = headers
    }

    package init(_ refusal: RequestRefusal) {
        self.init(
            refusal.status == 403 ? .forbidden : .badRequest, refusal.detail,
            code: refusal.status == 403 ? "unauthorised" : "bad_field",
            // The connection is the refused caller's; nothing more that comes on it is of interest.
            headers: [.connection: "close"])
    }

    package var response: Response {
        var body = ByteBuffer()
        var fields: [(String, String)] = [("title", status.reasonPhrase), ("detail", detail)]
        if let code { fields.append(("code", code)) }
        if let field { fields.append(("field", field)) }
        body.writeString("{\"type\":\"about:blank\",\"status\":\(status.code)")
        for (name, value) in fields {
            body.writeString(",\"\(name)\":")
            body.writeJSONString(value)
        }
        if let retryable { body.writeString(",\"retryable\":\(retryable)") }
        body.writeString("}\n")
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        return Response(status: status, headers: headers, body: .init(byteBuffer: body))
    }
}
