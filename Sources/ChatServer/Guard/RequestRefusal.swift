/// Why a request is refused before anything else looks at it.
package enum RequestRefusal: Error, Equatable, Sendable {
    /// Not exactly one well-formed `Host` (RFC 9112 §3.2: answered with 400).
    case badHost(String?)

    /// A `Host` that this server is not known by: a name that somebody pointed at this machine.
    case unknownHost(String, allowed: [String])

    /// A page of another origin, or of none (`null`).
    case foreignOrigin(String, allowed: [String])

    /// The HTTP status: 400 or 403.
    package var status: Int {
        switch self {
        case .badHost: 400
        case .unknownHost, .foreignOrigin: 403
        }
    }

    /// Which header it is, and what is allowed.
    package var detail: String {
        switch self {
        case .badHost(nil):
            "The request has no Host header."
        case .badHost(let host?):
            "The Host header \(Self.quote(host)) is not one host with an optional port."
        case .unknownHost(let host, let allowed):
            "The Host header \(Self.quote(host)) is not a name of this server. Allowed: \(allowed.joined(separator: ", ")). "
                + "Start the server with --allow-origin to add a name."
        case .foreignOrigin(let origin, let allowed):
            "The Origin header \(Self.quote(origin)) is foreign to this server. Allowed: \(allowed.joined(separator: ", ")). "
                + "Start the server with --allow-origin to add an origin."
        }
    }

    /// At most 200 scalars of what the caller sent, without control characters.
    private static func quote(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(200).filter { $0.value >= 32 && $0.value != 127 }
        return "\"\(String(String.UnicodeScalarView(scalars)))\""
    }
}
