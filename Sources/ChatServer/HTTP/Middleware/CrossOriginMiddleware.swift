import HTTPTypes
import Hummingbird

/// CORS (WHATWG Fetch §3.2) for the origins that were allowed, and for no others: pages of those may ask, and read the answers.
///
/// With credentials, as the cookie is all that says who a browser is. It is SameSite=Lax, so that it comes along only where that
/// origin is of the same site.
struct CrossOriginMiddleware<Context: RequestContext>: RouterMiddleware {
    let requestGuard: RequestGuard

    /// What a page's request may have beyond what every page's may.
    private static var requestFields: String { "Content-Type, Last-Event-ID" }
    /// What a page may read of a response beyond what every page may.
    private static var responseFields: String { "Whinchat-Session, Retry-After" }
    /// Seconds that a browser keeps the answer to a preflight: 10 minutes, so that an origin that is removed is out soon.
    private static var preflightSeconds: Int { 600 }

    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        guard requestGuard.allowsOrigins else { return response }
        response.headers[.vary] = "Origin"
        guard let origin = request.headers[.origin], requestGuard.isAllowed(origin) else { return response }
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlAllowCredentials] = "true"
        response.headers[.accessControlExposeHeaders] = Self.responseFields
        guard request.method == .options, request.headers[.accessControlRequestMethod] != nil,
            let allowed = response.headers[.allow]
        else { return response }
        response.headers[.accessControlAllowMethods] = allowed
        response.headers[.accessControlAllowHeaders] = Self.requestFields
        response.headers[.accessControlMaxAge] = "\(Self.preflightSeconds)"
        return response
    }
}
