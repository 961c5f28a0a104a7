import ChatProtocol
import HTTPTypes
package import Hummingbird
import Logging

/// Makes every error a problem body; what went wrong inside stays in the log.
package struct ProblemMiddleware<Context: RequestContext>: RouterMiddleware {
    package init() {}

    package func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let problem as Problem {
            return problem.response
        } catch let error as CommandError {
            return Problem(error).response
        } catch let error as HTTPError where error.status == .notFound {
            return Problem(.notFound, "There is nothing at this address.", code: "not_found").response
        } catch let error as HTTPError {
            return Problem(error.status, error.body ?? error.status.reasonPhrase, headers: error.headers).response
        } catch {
            context.logger.error("a request failed", metadata: ["error": "\(error)"])
            return Problem(.internalServerError, "The server failed; its log says more.", code: "internal").response
        }
    }
}
