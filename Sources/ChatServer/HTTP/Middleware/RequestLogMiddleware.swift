import HTTPTypes
package import Hummingbird
import Logging

/// One line a request, at debug: method, path, status and time. Never the query or a header: either may carry a secret.
package struct RequestLogMiddleware<Context: RequestContext>: RouterMiddleware {
    /// Paths come from outside; longer ones are cut in the log.
    private static var loggedPathScalars: Int { 200 }

    package init() {}

    package func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        context.logger.debug(
            "request",
            metadata: [
                "method": "\(request.method.rawValue)",
                "path": "\(String(request.uri.path.unicodeScalars.prefix(Self.loggedPathScalars)))",
                "status": "\(response.status.code)",
                "duration": "\(ContinuousClock.now - start)",
            ])
        return response
    }
}
