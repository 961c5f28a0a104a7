import CCurl

extension TransferError {
    static let engineIsShutDown = TransferError(.unavailable, message: "the transfer engine is shut down")

    /// What libcurl's code means to us.
    ///
    /// - Parameters:
    ///   - detail: CURLOPT_ERRORBUFFER's words, empty where libcurl had none.
    ///   - hasReachedNetwork: libcurl had a socket for the transfer.
    ///   - hasHead: the final response's head had come.
    ///   - connectStatus: a proxy's answer to CONNECT, 0 where there was none.
    init(_ code: CURLcode, detail: String, hasReachedNetwork: Bool, hasHead: Bool, connectStatus: Int) {
        let kind =
            if connectStatus >= 300 {
                Kind.proxy
            } else {
                Self.kind(of: code, detail: detail, hasReachedNetwork: hasReachedNetwork, hasHead: hasHead)
            }
        self.init(
            kind, message: detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail,
            curlCode: Int32(code.rawValue))
    }

    /// Every code that an HTTP transfer can end with (libcurl-errors(3)); the rest are for other protocols or our own
    /// misuse, and libcurl may add more.
    private static func kind(of code: CURLcode, detail: String, hasReachedNetwork: Bool, hasHead: Bool) -> Kind {
        switch code {
        case CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_LOGIN_DENIED:
            .invalidRequest
        // Before there is a socket: the URL's scheme. After: HTTP/0.9, or a version of HTTP that libcurl does not know. A peer
        // that answers at once can come before we are told of the socket, so the words count too.
        case CURLE_UNSUPPORTED_PROTOCOL:
            hasReachedNetwork || detail.contains("HTTP/0.9") ? .malformed : .invalidRequest
        case CURLE_COULDNT_RESOLVE_HOST: .couldNotResolve
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: .proxy
        case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED, CURLE_NO_CONNECTION_AVAILABLE: .couldNotConnect
        // There is no total timeout, so this is always the one for connecting.
        case CURLE_OPERATION_TIMEDOUT: .connectTimeout
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ENGINE_NOTFOUND,
            CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_SHUTDOWN_FAILED,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT, CURLE_USE_SSL_FAILED:
            .tls
        case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING: .truncated
        // libcurl 7.88 reports a chunk without a length as a failed receive and says so only in words.
        case CURLE_RECV_ERROR: detail.contains("chunked-encoding") ? .malformed : .connectionLost
        case CURLE_SEND_ERROR, CURLE_SEND_FAIL_REWIND, CURLE_AGAIN: .connectionLost
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_HTTP_RETURNED_ERROR, CURLE_RANGE_ERROR,
            CURLE_CHUNK_FAILED, CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_HTTP3, CURLE_TOO_MANY_REDIRECTS,
            CURLE_FILESIZE_EXCEEDED:
            .malformed
        // A header line beyond libcurl's own bound also comes as this one.
        case CURLE_OUT_OF_MEMORY: hasReachedNetwork && !hasHead ? .malformed : .unavailable
        case CURLE_FAILED_INIT, CURLE_NOT_BUILT_IN, CURLE_WRITE_ERROR, CURLE_READ_ERROR, CURLE_ABORTED_BY_CALLBACK,
            CURLE_UNKNOWN_OPTION, CURLE_SETOPT_OPTION_SYNTAX, CURLE_FUNCTION_NOT_FOUND, CURLE_RECURSIVE_API_CALL,
            CURLE_AUTH_ERROR, CURLE_UNRECOVERABLE_POLL:
            .unavailable
        default: .unavailable
        }
    }
}
