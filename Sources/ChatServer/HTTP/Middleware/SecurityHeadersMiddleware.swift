package import HTTPTypes
package import Hummingbird

/// Headers of every response, errors too.
package struct SecurityHeadersMiddleware<Context: RequestContext>: RouterMiddleware {
    /// What a page of ours may do: load our own scripts and styles, connect back, nothing else. Texts of a model that got
    /// into the page as markup could run nothing and reach nobody.
    package static var contentSecurityPolicy: String {
        [
            "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
            "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        ].joined(separator: "; ")
    }

    private static var fields: [(HTTPField.Name, String)] {
        [
            (.contentSecurityPolicy, contentSecurityPolicy),
            (.xContentTypeOptions, "nosniff"),
            (.referrerPolicy, "no-referrer"),
            (.crossOriginOpenerPolicy, "same-origin"),
            (.permissionsPolicy, "camera=(), geolocation=(self), microphone=(), payment=(), usb=()"),
        ]
    }

    private let fields = Self.fields

    package init() {}

    package func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        for (name, value) in fields where response.headers[name] == nil {
            response.headers[name] = value
        }
        // RFC 9112 §9.6: who is going to close says so. Hummingbird closes after answering such a request.
        if request.headers[.connection] == "close", response.headers[.connection] == nil {
            response.headers[.connection] = "close"
        }
        return response
    }
}

extension HTTPField.Name {
    /// RFC names that the HTTPTypes package does not list. A literal token is always a valid name.
    package static var referrerPolicy: Self { .token("Referrer-Policy") }
    package static var crossOriginOpenerPolicy: Self { .token("Cross-Origin-Opener-Policy") }
    package static var permissionsPolicy: Self { .token("Permissions-Policy") }
    package static var xForwardedProto: Self { .token("X-Forwarded-Proto") }

    static func token(_ name: String) -> Self {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is not a token") }
        return name
    }
}
