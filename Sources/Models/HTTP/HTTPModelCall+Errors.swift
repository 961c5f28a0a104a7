import CurlTransport
import Foundation
import JSON

extension HTTPModelCall {
    /// What a response that is no event stream says went wrong.
    func error(from head: ResponseHead, body: [UInt8], text: UpstreamText, requestID: String?) -> ModelError {
        let reported = (try? JSONValue(parsing: body)).flatMap(UpstreamError.init)
        let excerpt = body.withUnsafeBytes { text.excerpt(of: $0) }
        guard !(200..<300).contains(head.status) else {
            // Some servers answer 200 and put the error in the body; a proxy's login page is no error of the provider's.
            if let reported, (try? JSONValue(parsing: body))?["error"] != nil {
                return reported.modelError(requestID: requestID, text: text)
            }
            let type = head["content-type"].map { text.clean($0) } ?? "nothing"
            return .malformed(
                "The provider answered with \(type) instead of an event stream: \(excerpt)", status: head.status,
                requestID: requestID)
        }
        guard head.status < 300 || head.status >= 400 else {
            return ModelError(
                .rejected, message: "The provider redirects elsewhere (HTTP \(head.status)); check the base URL.",
                retryable: false, status: head.status, requestID: requestID)
        }
        let fallback = excerpt.isEmpty ? "The provider answered HTTP \(head.status)." : excerpt
        return (reported ?? UpstreamError(message: fallback)).modelError(
            status: head.status, retryAfter: RetryAfter.duration(in: head, now: Int64(Date().timeIntervalSince1970)),
            requestID: requestID, text: text)
    }
}
