package import NIOCore

/// One file of the web client, as it is served.
package struct StaticFile: Sendable, Equatable {
    package let contents: ByteBuffer

    /// The `Content-Type`.
    package let contentType: String

    /// A strong entity tag, quotes included (RFC 9110 §8.8.3): a digest of the contents.
    package let entityTag: String

    package init(contents: ByteBuffer, name: String) {
        self.contents = contents
        contentType = Self.contentType(ofFile: name)
        entityTag = "\"\(SHA256.digest(contents.readableBytesView).prefix(16).hexadecimal)\""
    }

    /// Whether an `If-None-Match` field names this version (RFC 9110 §13.1.2: by weak comparison).
    package func isNamed(by ifNoneMatch: String) -> Bool {
        ifNoneMatch.utf8.split(separator: UInt8(ascii: ",")).contains { candidate in
            let candidate = Substring(candidate).drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
            let tag = String(candidate)
            return tag == "*" || tag == entityTag || tag == "W/\(entityTag)"
        }
    }

    private static func contentType(ofFile name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "js", "mjs": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "json", "map": "application/json"
        case "webmanifest": "application/manifest+json"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "ico": "image/vnd.microsoft.icon"
        case "woff2": "font/woff2"
        case "txt": "text/plain; charset=utf-8"
        default: "application/octet-stream"
        }
    }
}
