import COpenSSL

/// `Sec-WebSocket-Key` and the answer to it, RFC 6455 §4.1 and §4.2.2.
package enum HandshakeKey {
    /// RFC 6455 §1.3: appended to every key, so that only a server that knows WebSockets can answer.
    private static let suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// Whether a key is base64 that decodes to exactly 16 bytes: 22 characters of its alphabet and two of padding.
    package static func isValid(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        guard bytes.count == 24, bytes[22...].allSatisfy({ $0 == UInt8(ascii: "=") }) else { return false }
        return bytes[..<22].allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                true
            default:
                false
            }
        }
    }

    /// A client's new key; `nil` where libcrypto has no random numbers.
    package static func random() -> String? {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard RAND_bytes(&bytes, Int32(bytes.count)) == 1 else { return nil }
        return Self.base64(bytes)
    }

    /// The value of `Sec-WebSocket-Accept`: base64 of the SHA-1 of the key and the suffix; `nil` where libcrypto
    /// refuses SHA-1.
    package static func acceptValue(for key: String) -> String? {
        let text = Array((key + Self.suffix).utf8)
        var digest = [UInt8](repeating: 0, count: 20)
        guard EVP_Digest(text, text.count, &digest, nil, EVP_sha1(), nil) == 1 else { return nil }
        return Self.base64(digest)
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        // Four characters for every three bytes begun, and the NUL that OpenSSL writes behind them.
        var text = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
        let count = EVP_EncodeBlock(&text, bytes, Int32(bytes.count))
        return String(decoding: text.prefix(Int(count)), as: UTF8.self)
    }
}
