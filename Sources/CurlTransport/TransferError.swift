/// Why a transfer failed.
package struct TransferError: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable, CaseIterable {
        /// The request itself cannot be sent: a bad URL, a scheme other than http and https, a bad header.
        case invalidRequest
        case couldNotResolve
        case couldNotConnect
        case connectTimeout
        /// The TLS handshake failed, or the certificate is not to be trusted.
        case tls
        /// A proxy refused or could not be reached.
        case proxy
        /// The connection ended before the response was complete.
        case truncated
        /// The connection broke while sending or receiving.
        case connectionLost
        /// What came is not HTTP, or not HTTP that we take.
        case malformed
        /// The engine is shutting down, or libcurl itself failed.
        case unavailable
    }

    package var kind: Kind
    /// libcurl's words; never holds a header's value or a body.
    package var message: String
    /// libcurl's `CURLcode`, for logs; 0 where libcurl was not reached.
    package var curlCode: Int32

    package init(_ kind: Kind, message: String, curlCode: Int32 = 0) {
        self.kind = kind
        self.message = message
        self.curlCode = curlCode
    }
}
