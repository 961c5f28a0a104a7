package import NIOCore

/// A host and perhaps a port, as in a `Host` header (RFC 9110 §7.2) or an origin.
package struct Authority: Hashable, Sendable {
    /// In lowercase; an IPv6 address without its brackets.
    package let host: String
    package let port: Int?

    package init(host: String, port: Int?) {
        self.host = host.lowercased()
        self.port = port
    }

    /// Nil where the text is not exactly `host`, `host:port`, `[v6]` or `[v6]:port`.
    package init?(_ text: some StringProtocol) {
        let host: Substring
        let rest: Substring
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = Substring(text[text.index(after: text.startIndex)..<end])
            rest = Substring(text[text.index(after: end)...])
            guard Self.isAddress(host), host.contains(":") else { return nil }
        } else {
            let colon = text.firstIndex(of: ":") ?? text.endIndex
            host = Substring(text[..<colon])
            rest = Substring(text[colon...])
            guard !host.isEmpty, host.utf8.allSatisfy(Self.isNameByte) else { return nil }
        }
        if rest.isEmpty {
            port = nil
        } else {
            let digits = rest.dropFirst()
            guard rest.first == ":", !digits.isEmpty, digits.utf8.count <= 5,
                digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let number = Int(digits), (1...65535).contains(number)
            else { return nil }
            port = number
        }
        self.host = host.lowercased()
    }

    /// One of loopback's names: `localhost`, 127.0.0.0/8, `::1`.
    package var isLoopback: Bool { Self.isLoopback(host) }

    /// Whether a host is one of loopback's names.
    package static func isLoopback(_ host: String) -> Bool {
        if host.lowercased() == "localhost" { return true }
        return (try? SocketAddress(ipAddress: host, port: 0))?.isLoopback ?? false
    }

    /// A literal address, not a name: an address cannot be rebound by whoever owns a name.
    package var isAddress: Bool { Self.isAddress(host) }

    private static func isAddress(_ host: some StringProtocol) -> Bool {
        (try? SocketAddress(ipAddress: String(host), port: 0)) != nil
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension SocketAddress {
    /// 127.0.0.0/8, `::1`, the same in IPv6's clothes (`::ffff:127.0.0.1`), or a Unix domain socket.
    package var isLoopback: Bool {
        switch self {
        case .v4, .v6:
            // In the system's canonical form.
            guard let text = ipAddress else { return false }
            return text.hasPrefix("127.") || text == "::1" || text.hasPrefix("::ffff:127.")
        case .unixDomainSocket:
            return true
        }
    }
}
