import HTTPTypes
import Hummingbird

/// Tells a path that is there from a method that it does not answer (RFC 9110 §15.5.6), and answers OPTIONS.
struct MethodMiddleware<Context: RequestContext>: RouterMiddleware {
    let allowed: AllowedMethods

    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard let methods = allowed.methods(at: request.uri.path), !methods.contains(request.method) else {
            return try await next(request, context)
        }
        let names = (methods + [.options]).map(\.rawValue).joined(separator: ", ")
        if request.method == .options { return Response(status: .noContent, headers: [.allow: names]) }
        throw Problem(.methodNotAllowed, "Only \(names) answer here.", headers: [.allow: names])
    }
}
