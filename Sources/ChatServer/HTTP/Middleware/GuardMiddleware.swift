import HTTPTypes
package import Hummingbird

/// Refuses what `RequestGuard` refuses, before any route.
package struct GuardMiddleware<Context: RequestContext>: RouterMiddleware {
    private let requestGuard: RequestGuard

    package init(_ requestGuard: RequestGuard) {
        self.requestGuard = requestGuard
    }

    package func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        if let refusal = requestGuard.refusal(host: request.head.authority, origin: request.headers[.origin]) {
            throw Problem(refusal)
        }
        return try await next(request, context)
    }
}
