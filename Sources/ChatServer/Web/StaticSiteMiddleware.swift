import HTTPTypes
package import Hummingbird

/// Serves the web client where no route answers. A page also gets the browser its identity cookie.
package struct StaticSiteMiddleware<Context: RequestContext>: RouterMiddleware {
    private let site: StaticSite
    private let cookie: IdentityCookie

    package init(site: StaticSite, cookie: IdentityCookie) {
        self.site = site
        self.cookie = cookie
    }

    package func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard let file = site.files[request.uri.path] else { return try await next(request, context) }
        guard request.method == .get || request.method == .head else {
            throw Problem(.methodNotAllowed, "Only GET and HEAD answer here.", headers: [.allow: "GET, HEAD"])
        }
        // no-cache: browsers keep the files and ask each time whether they still hold; a new version shows at once.
        var headers: HTTPFields = [.eTag: file.entityTag, .cacheControl: "no-cache"]
        if site.isPage(request.uri.path), request.method == .get {
            headers[.setCookie] = try setCookie(for: request)
        }
        if let known = request.headers[.ifNoneMatch], file.isNamed(by: known) {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = file.contentType
        let response = Response(status: .ok, headers: headers, body: .init(byteBuffer: file.contents))
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// A browser keeps the identity that it has; its year begins again with each load.
    private func setCookie(for request: Request) throws -> String {
        let value = try cookie.value(in: request.headers[.cookie]) ?? cookie.issue()
        // Anybody can send this header, but it can only make their own cookie stricter.
        let isSecure = request.headers[.xForwardedProto]?.lowercased() == "https"
        return cookie.setCookie(value, isSecure: isSecure)
    }
}
