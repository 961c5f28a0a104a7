import Foundation

/// Where the terminal client finds its server: `http://host[:port]`, or the WebSocket's own address with `ws`.
struct ChatAddress: Equatable, CustomStringConvertible {
    /// The WebSocket's path, the same on every server.
    static let path = "/v1/chat"

    let host: String
    let port: Int

    /// Nil where the text is no such address. TLS is not spoken: put in front what ends it, or use a tunnel.
    init?(_ text: String) {
        guard let url = URLComponents(string: text), url.scheme == "http" || url.scheme == "ws", var host = url.host,
            ["", "/", Self.path].contains(url.path), url.query == nil, url.user == nil
        else { return nil }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let port = url.port ?? 80
        guard !host.isEmpty, (1...65535).contains(port) else { return nil }
        self.host = host
        self.port = port
    }

    /// As in a `Host` header.
    var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    var description: String { "http://\(authority)" }
}
