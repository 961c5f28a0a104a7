package import NIOCore

/// An HTTP request for libcurl.
package struct TransferRequest: Sendable {
    package enum Method: String, Sendable { case get = "GET", post = "POST" }

    package var method: Method
    /// An absolute `http` or `https` URL.
    package var url: String
    /// Sent as they are; the values may hold secrets and are never logged.
    package var headers: [(name: String, value: String)]
    package var body: ByteBuffer?
    /// Time to resolve, connect and finish TLS. Default 10 s: a provider that takes longer is down.
    package var connectTimeout: Duration
    /// The most bytes of the body of a response with a status of 400 or more that are delivered; the rest is dropped and the
    /// transfer ends. Default 64 KiB: an error's JSON is far smaller.
    package var errorBodyLimitBytes: Int

    package init(
        method: Method = .post, url: String, headers: [(name: String, value: String)] = [], body: ByteBuffer? = nil,
        connectTimeout: Duration = .seconds(10), errorBodyLimitBytes: Int = 64 * 1024
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.connectTimeout = connectTimeout
        self.errorBodyLimitBytes = errorBodyLimitBytes
    }
}
