package import HTTPTypes
package import Hummingbird
import JSON
import NIOCore

/// An error as the body of an HTTP response, `application/problem+json` (RFC 9457).
package struct Problem: Error, Sendable {
    package var status: HTTPResponse.Status

    /// What happened and what to do about it, for people.
    package var detail: String

    /// One of the protocol's error codes, where one fits.
    package var code: String?

    /// Further fields of the response.
    package var headers: HTTPFields

    package init(_ status: HTTPResponse.Status, _ detail: String, code: String? = nil, headers: HTTPFields = [:]) {
        self.status = status
        self.detail = detail
        self.code = code
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
        body.writeString("{\"type\":\"about:blank\",\"status\":\(status.code)")
        for (name, value) in fields {
            body.writeString(",\"\(name)\":")
            body.writeJSONString(value)
        }
        body.writeString("}\n")
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        return Response(status: status, headers: headers, body: .init(byteBuffer: body))
    }
}
