import COpenSSL

/// The signed cookie that makes a browser the identity `anonymous`: `<id>.<HMAC-SHA256 of the id>`, both hexadecimal.
///
/// Nothing is kept on the server: whoever holds a cookie that this key signed is that identity.
package struct IdentityCookie: Sendable {
    /// One year, renewed by every page load. Browsers cap it a little above (RFC 6265bis §5.5: 400 days).
    package static let lifetime = Duration.seconds(365 * 24 * 3600)

    /// 128 bits: nobody guesses one, and no two are alike.
    private static let idByteCount = 16

    /// The cookie's name. Browsers do not keep the cookies of one host's ports apart (RFC 6265 §8.5), so two servers on
    /// one machine would overwrite each other's: a few digits that only this key gives keep the names apart.
    package let name: String

    private let key: IdentityKey

    package init(key: IdentityKey) {
        self.key = key
        name = "whinchat_" + key.authenticationCode(for: "whinchat cookie name 1").prefix(4).hexadecimal
    }

    /// A new identity's cookie value.
    /// - Throws: `IdentityKeyError.noRandomness`
    package func issue() throws(IdentityKeyError) -> String {
        let id = try IdentityKey.random(Self.idByteCount).hexadecimal
        return "\(id).\(signature(of: id).hexadecimal)"
    }

    /// The identity that a `Cookie` header proves, nil if it carries none that this key signed.
    package func identity(in header: String?) -> Identity? {
        value(in: header).flatMap(identity(of:))
    }

    /// The valid cookie value in a `Cookie` header (RFC 6265 §4.2.1).
    package func value(in header: String?) -> String? {
        guard let header else { return nil }
        for pair in header.utf8.split(separator: UInt8(ascii: ";")) {
            let pair = Substring(pair).drop { $0 == " " || $0 == "\t" }
            guard pair.hasPrefix("\(name)=") else { continue }
            let value = String(pair.dropFirst(name.count + 1))
            // Several of one name may come, from a wider path or domain: any that is ours will do.
            if identity(of: value) != nil { return value }
        }
        return nil
    }

    /// The `Set-Cookie` field's value.
    ///
    /// Lax, not Strict: under Strict a link from another site would arrive without the cookie, and its page load would
    /// replace the identity. Connections from other sites are refused by `RequestGuard`.
    /// - Parameter isSecure: adds `Secure`; set it when the browser came by https.
    package func setCookie(_ value: String, isSecure: Bool) -> String {
        let seconds = Self.lifetime.components.seconds
        return "\(name)=\(value); Max-Age=\(seconds); Path=/; HttpOnly; SameSite=Lax\(isSecure ? "; Secure" : "")"
    }

    private func identity(of value: String) -> Identity? {
        let bytes = Array(value.utf8)
        let idLength = Self.idByteCount * 2
        guard bytes.count == idLength + 1 + IdentityKey.byteCount * 2, bytes[idLength] == UInt8(ascii: ".") else {
            return nil
        }
        let id = bytes[..<idLength]
        guard id.allSatisfy(Self.isLowercaseHexadecimal) else { return nil }
        let text = String(decoding: id, as: Unicode.UTF8.self)
        let expected = Array(signature(of: text).hexadecimal.utf8)
        let given = Array(bytes[(idLength + 1)...])
        // In constant time: how long a refusal takes must not tell how much of a forged signature was right.
        guard CRYPTO_memcmp(expected, given, expected.count) == 0 else { return nil }
        return .anonymous(id: text)
    }

    private func signature(of id: String) -> [UInt8] {
        key.authenticationCode(for: "whinchat identity 1 \(id)")
    }

    private static func isLowercaseHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
