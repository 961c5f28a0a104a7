import CCurl
import Testing

@testable import CurlTransport

@Suite struct ErrorMappingTests {
    @Test(
        arguments: [
            ("Received HTTP/0.9 when not allowed", false, .malformed),
            ("Received HTTP/0.9 when not allowed", true, .malformed),
            ("Unsupported HTTP version in response", true, .malformed),
            ("Protocol \"ftp\" not supported or disabled in libcurl", false, .invalidRequest),
        ] as [(String, Bool, TransferError.Kind)])
    func `an answer that is HTTP/0.9 is malformed, however early it comes`(
        detail: String, hasReachedNetwork: Bool, kind: TransferError.Kind
    ) {
        let error = TransferError(
            CURLE_UNSUPPORTED_PROTOCOL, detail: detail, hasReachedNetwork: hasReachedNetwork, hasHead: false,
            connectStatus: 0)
        #expect(error.kind == kind)
        #expect(error.message == detail)
    }
}
