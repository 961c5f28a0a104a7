/// An origin as browsers send it: scheme, host and port, nothing after (RFC 6454 §6.2).
package struct WebOrigin: Hashable, Sendable, CustomStringConvertible {
    /// `http` or `https`.
    package let scheme: String
    package let authority: Authority

    /// Nil for anything but `http://host[:port]` and `https://host[:port]`; `null` too.
    package init?(_ text: String) {
        guard let separator = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let scheme = text[..<separator].lowercased()
        let rest = text[separator...]
        guard scheme == "http" || scheme == "https", rest.hasPrefix("://"), let authority = Authority(rest.dropFirst(3))
        else {
            return nil
        }
        self.scheme = scheme
        self.authority = authority
    }

    /// The port, the scheme's own where none is named.
    package var effectivePort: Int { authority.port ?? (scheme == "https" ? 443 : 80) }

    package var description: String {
        let host = authority.host.contains(":") ? "[\(authority.host)]" : authority.host
        return "\(scheme)://\(host)\(authority.port.map { ":\($0)" } ?? "")"
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.scheme == right.scheme && left.authority.host == right.authority.host
            && left.effectivePort == right.effectivePort
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(scheme)
        hasher.combine(authority.host)
        hasher.combine(effectivePort)
    }
}
