import CCurl
import NIOCore

/// Sets the options of one easy handle and keeps the first refusal.
struct EasyOptions {
    let handle: UnsafeMutableRawPointer
    private(set) var firstFailure = CURLE_OK

    init(handle: UnsafeMutableRawPointer) {
        self.handle = handle
    }

    /// What every transfer has.
    mutating func setFixed() {
        // A removed HTTP/2 stream was not reset by libcurl 7.88: the provider would go on generating.
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        // A redirect of a POST with a key in its headers is for a person to see, not to be followed.
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_HTTP09_ALLOWED, 0)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        // libcurl must not use signals for timeouts in a process with threads.
        set(CURLOPT_NOSIGNAL, 1)
        // Else removing a handle that is resolving a name waits for getaddrinfo, and every other transfer with it.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_TCP_NODELAY, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        // A model may think for minutes in silence: probes keep NAT entries alive and find a peer that is gone.
        set(CURLOPT_TCP_KEEPIDLE, 30)
        set(CURLOPT_TCP_KEEPINTVL, 15)
        // A stream ends when it ends; whoever reads it knows how long a silence may be.
        set(CURLOPT_TIMEOUT_MS, 0)
    }

    mutating func set(authorities: AuthoritySource, proxy: CurlEngine.Configuration.Proxy) {
        if let file = authorities.file { set(CURLOPT_CAINFO, file) }
        if let directory = authorities.directory {
            set(CURLOPT_CAPATH, directory)
        } else if authorities.file != nil || AuthoritySource.hasDefaultFile {
            // libcurl keeps the parsed authorities for the next connection only where they come from a file alone.
            set(CURLOPT_CAPATH, UnsafeRawPointer?.none)
        }
        switch proxy {
        case .environment: break
        case .url(let url): set(CURLOPT_PROXY, url)
        case .none: set(CURLOPT_PROXY, "")
        }
    }

    /// - Returns: the header list, which must outlive the transfer.
    mutating func set(_ request: TransferRequest) -> UnsafeMutablePointer<curl_slist>? {
        set(CURLOPT_URL, request.url)
        set(CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.wholeMilliseconds)
        switch request.method {
        case .get: set(CURLOPT_HTTPGET, 1)
        case .post:
            set(CURLOPT_POST, 1)
            // The size first, or libcurl measures the copy with strlen.
            note(
                whinchat_easy_set_offset(
                    handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body?.readableBytes ?? 0)))
            if let body = request.body, body.readableBytes > 0 {
                body.withUnsafeReadableBytes { set(CURLOPT_COPYPOSTFIELDS, $0.baseAddress) }
            } else {
                set(CURLOPT_POSTFIELDS, "")
            }
        }
        // Without these libcurl would ask for `100-continue`, and call a body without a type a form.
        var lines = ["Expect:"]
        if !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) { lines.append("Content-Type:") }
        // CURLOPT_HTTPHEADER: a colon without a value removes a header, a semicolon sends it empty.
        lines += request.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = curl_slist_append(list, line) else {
                note(CURLE_OUT_OF_MEMORY)
                break
            }
            list = longer
        }
        set(CURLOPT_HTTPHEADER, UnsafeRawPointer(list))
        return list
    }

    mutating func setCallbacks(
        head: curl_write_callback, body: curl_write_callback, close: curl_closesocket_callback
    ) {
        note(whinchat_easy_set_write_callback(handle, CURLOPT_HEADERFUNCTION, head))
        note(whinchat_easy_set_write_callback(handle, CURLOPT_WRITEFUNCTION, body))
        note(whinchat_easy_set_close_callback(handle, close))
    }

    mutating func set(_ option: CURLoption, _ value: Int) {
        note(whinchat_easy_set_long(handle, option, value))
    }

    mutating func set(_ option: CURLoption, _ value: String) {
        note(value.withCString { whinchat_easy_set_pointer(handle, option, $0) })
    }

    mutating func set(_ option: CURLoption, _ value: UnsafeRawPointer?) {
        note(whinchat_easy_set_pointer(handle, option, value))
    }

    private mutating func note(_ code: CURLcode) {
        if firstFailure == CURLE_OK { firstFailure = code }
    }
}

extension Duration {
    /// At least 1, as 0 means libcurl's own default; at most what a C `long` of 32 bits holds.
    fileprivate var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        guard seconds >= 0 else { return 1 }
        guard seconds < Int64(Int32.max) / 1000 else { return Int(Int32.max) }
        return max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}
