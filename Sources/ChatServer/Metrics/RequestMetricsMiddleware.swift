package import CoreMetrics
import HTTPTypes
package import Hummingbird

/// Counts requests by route, method and status.
package struct RequestMetricsMiddleware<Context: RequestContext>: RouterMiddleware {
    private let factory: any MetricsFactory

    package init(factory: any MetricsFactory) {
        self.factory = factory
    }

    package func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let response = try await next(request, context)
        let status = response.status
        // A path comes from outside: without a route, which Hummingbird names so, it was a file of the page, or nothing.
        let isFile = status.kind == .successful || status == .notModified
        let route = context.endpointPath == "NotFound" ? nil : context.endpointPath
        Counter(
            label: "whinchat_http_requests_total",
            dimensions: [
                ("route", route ?? (isFile ? "page" : "none")), ("method", Self.counted(request.method)),
                ("status", "\(status.code)"),
            ], factory: factory
        ).increment()
        return response
    }

    private static func counted(_ method: HTTPRequest.Method) -> String {
        let known: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
        return known.contains(method) ? method.rawValue : "other"
    }
}
