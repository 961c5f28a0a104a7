import CurlTransport
import Foundation
import JSON
import NIOCore

extension TransferQueue {
    /// Sends JSON and reads the JSON that comes back: for what a provider answers at once.
    ///
    /// - Parameters:
    ///   - bodyLimitBytes: of the answer.
    ///   - limit: for all of it.
    /// - Throws: `ModelError`; `CancellationError`.
    func exchange(
        _ body: some Encodable, to url: String, headers: [(String, String)], text: UpstreamText, bodyLimitBytes: Int,
        within limit: Duration
    ) async throws -> JSONValue {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let common = [("content-type", "application/json"), ("accept", "application/json")]
        let request = TransferRequest(
            url: url, headers: (common + headers).map { (name: $0.0, value: $0.1) },
            body: ByteBuffer(bytes: try encoder.encode(body)))
        let response: FetchedResponse
        do {
            response = try await fetch(request, bodyLimitBytes: bodyLimitBytes, within: limit)
        } catch let error as FetchError {
            throw ModelError(error, text: text)
        }
        let answer = try? JSONValue(parsing: response.body)
        guard (200..<300).contains(response.head.status) else {
            let reported =
                answer.flatMap(UpstreamError.init)
                ?? UpstreamError(message: "The provider answered HTTP \(response.head.status).")
            throw reported.modelError(
                status: response.head.status,
                retryAfter: RetryAfter.duration(in: response.head, now: Int64(Date().timeIntervalSince1970)), text: text
            )
        }
        guard let answer else { throw ModelError.malformed("The provider's answer is not JSON.", requestID: nil) }
        return answer
    }
}

extension ModelError {
    /// What a failed fetch means. libcurl quotes no header, but a base URL may hold a key.
    fileprivate init(_ error: FetchError, text: UpstreamText) {
        switch error {
        case .transfer(let error):
            self.init(error)
            message = text.clean(message)
        case .tooLarge(let limit):
            self = .malformed("The provider's answer has more than \(limit) bytes.", requestID: nil)
        case .timeout:
            self.init(.timeout, message: "The provider did not answer in time.", retryable: true)
        }
    }
}
