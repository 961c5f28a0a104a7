import ChatServer
import JSON
import NIOCore
import Testing

/// The server's plain HTTP side, over real sockets.
@Suite struct HTTPTests {
    @Test func `the page comes with its type, its version, a strict policy and a cookie`() async throws {
        try await RunningServer.with { server in
            let response = try await RawConnection.with(port: server.port) { try await $0.request() }
            #expect(response.status == 200 && response.body == "<!doctype html>hello")
            #expect(response["content-type"] == "text/html; charset=utf-8")
            #expect(response["cache-control"] == "no-cache")
            #expect(
                response["content-security-policy"]
                    == "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
                    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
            #expect(response["x-content-type-options"] == "nosniff")
            #expect(response["referrer-policy"] == "no-referrer")
            #expect(response["cross-origin-opener-policy"] == "same-origin")
            let setCookie = try #require(response["set-cookie"])
            let identity = IdentityCookie(key: server.key).identity(in: setCookie)
            #expect(identity != nil && setCookie.contains("HttpOnly; SameSite=Lax") && !setCookie.contains("Secure"))
        }
    }

    @Test func `a browser that has an identity keeps it`() async throws {
        try await RunningServer.with { server in
            let cookie = try server.cookie()
            let response = try await RawConnection.with(port: server.port) {
                try await $0.request(fields: [("Cookie", cookie)])
            }
            #expect(response["set-cookie"]?.hasPrefix(cookie + ";") == true)
        }
    }

    @Test func `a browser that came by https gets a Secure cookie`() async throws {
        try await RunningServer.with { server in
            let response = try await RawConnection.with(port: server.port) {
                try await $0.request(fields: [("X-Forwarded-Proto", "https")])
            }
            #expect(response["set-cookie"]?.hasSuffix("; Secure") == true)
        }
    }

    @Test func `a file that the browser has is not sent again`() async throws {
        try await RunningServer.with { server in
            try await RawConnection.with(port: server.port) { connection in
                let first = try await connection.request("GET", "/js/app.js")
                #expect(first["content-type"] == "text/javascript; charset=utf-8" && first["set-cookie"] == nil)
                let tag = try #require(first["etag"])
                #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
                for known in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
                    let again = try await connection.request("GET", "/js/app.js", fields: [("If-None-Match", known)])
                    #expect(again.status == 304 && again.body.isEmpty && again["etag"] == tag, "\(known)")
                }
                let other = try await connection.request("GET", "/js/app.js", fields: [("If-None-Match", "\"other\"")])
                #expect(other.status == 200)
            }
        }
    }

    @Test func `HEAD has the headers and no body`() async throws {
        try await RunningServer.with { server in
            try await RawConnection.with(port: server.port) { connection in
                let head = try await connection.request("HEAD", "/js/app.js")
                #expect(head.status == 200 && head["content-length"] == "9")
                // A body would be read as the beginning of this response.
                #expect(try await connection.request("GET", "/healthz").body == "{\"status\":\"ok\"}\n")
            }
        }
    }

    @Test(arguments: [
        "/nothing", "/js", "/js/", "//", "/../etc/passwd", "/js/../../Package.swift", "/%2e%2e/etc/passwd",
        "/js/app.js/", "/?x",
    ])
    func `a path that is not a file's is not found, but for a query`(path: String) async throws {
        try await RunningServer.with { server in
            let response = try await RawConnection.with(port: server.port) { try await $0.request("GET", path) }
            guard path != "/?x" else {
                #expect(response.status == 200)
                return
            }
            #expect(response.status == 404 && response["content-type"] == "application/problem+json")
            let problem = try JSONValue(parsing: response.body)
            #expect(problem["status"] == 404 && problem["code"] == "not_found" && problem["title"] == "Not Found")
            #expect(response["content-security-policy"] != nil)
        }
    }

    @Test func `a file cannot be posted to`() async throws {
        try await RunningServer.with { server in
            let response = try await RawConnection.with(port: server.port) {
                try await $0.request("POST", "/", fields: [("Content-Length", "0")])
            }
            #expect(response.status == 405 && response["allow"] == "GET, HEAD")
        }
    }

    @Test func `a foreign Host or Origin is refused on every path, and the connection ends`() async throws {
        try await RunningServer.with { server in
            for path in ["/", "/healthz", "/nothing", "/v1/chat"] {
                try await RawConnection.with(port: server.port) { connection in
                    let response = try await connection.request("GET", path, host: "evil.example")
                    #expect(response.status == 403 && response["set-cookie"] == nil, "\(path)")
                    #expect(response["content-type"] == "application/problem+json")
                    #expect(response.body.contains("evil.example") && response.body.contains("localhost"))
                }
                try await RawConnection.with(port: server.port) { connection in
                    let response = try await connection.request(
                        "GET", path, fields: [("Origin", "http://evil.example")])
                    #expect(response.status == 403 && response.body.contains("Origin"), "\(path)")
                }
            }
        }
    }

    @Test func `two Hosts, or none, are a bad request`() async throws {
        try await RunningServer.with { server in
            for hosts in [["localhost", "evil.example"], ["evil.example", "localhost"], []] {
                let response = try await RawConnection.with(port: server.port) { connection in
                    try await connection.request(host: nil, fields: hosts.map { ("Host", $0) })
                }
                #expect(response.status == 400, "\(hosts)")
            }
        }
    }

    @Test func `who says close is told close and closed upon`() async throws {
        try await RunningServer.with { server in
            try await RawConnection.with(port: server.port) { connection in
                let response = try await connection.request("GET", "/healthz", fields: [("Connection", "Close")])
                #expect(response.status == 200 && response["connection"] == "close")
                try await connection.waitForEnd()
            }
            try await RawConnection.with(port: server.port) { connection in
                try await connection.send("GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
                #expect(try await connection.response().status == 200)
                try await connection.waitForEnd()
            }
        }
    }

    @Test func `a connection on which nothing goes on is closed`() async throws {
        try await RunningServer.with(ChatServerConfiguration(port: 0, idleTimeout: .milliseconds(50))) { server in
            try await RawConnection.with(port: server.port) { connection in
                _ = try await connection.request("GET", "/healthz")
                try await connection.waitForEnd()
            }
        }
    }

    @Test func `a port in use is an error of the start`() async throws {
        try await RunningServer.with { server in
            await #expect(throws: IOError.self) {
                try await RunningServer.with(ChatServerConfiguration(port: server.port)) { _ in }
            }
        }
    }
}
