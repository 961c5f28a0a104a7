extension TransferRequest {
    /// Why the request cannot be sent as it is, found before libcurl sees it.
    var refusal: TransferError? {
        let scheme = url.prefix { $0 != ":" }.lowercased()
        guard scheme == "http" || scheme == "https", url.dropFirst(scheme.count).hasPrefix("://") else {
            return TransferError(.invalidRequest, message: "not an absolute http or https URL")
        }
        // libcurl takes C strings: a NUL would cut the URL short. A space or control character has no place in one.
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            return TransferError(.invalidRequest, message: "the URL holds a space or a control character")
        }
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenByte) else {
                return TransferError(.invalidRequest, message: "a header's name is not a token")
            }
            // RFC 9110 §5.5: CR, LF and NUL in a value would let it smuggle in a header of its own.
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                return TransferError(.invalidRequest, message: "the value of \(name) holds a control character")
            }
        }
        return nil
    }

    /// RFC 9110 §5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
