import ChatServer
import NIOCore
import Testing

/// `/metrics` over real sockets. What it counts of a chat is in the end-to-end tests.
@Suite struct MetricsTests {
    @Test func `metrics are text of Prometheus' format`() async throws {
        try await RunningServer.with { server in
            try await RawConnection.with(port: server.port) { connection in
                _ = try await connection.request("GET", "/healthz")
                _ = try await connection.request("GET", "/js/app.js")
                _ = try await connection.request("GET", "/nothing/of/that/name")
                let response = try await connection.request("GET", "/metrics")
                #expect(response.status == 200)
                #expect(response["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
                #expect(response["cache-control"] == "no-store")
                let requests = #"whinchat_http_requests_total{route="#
                #expect(response.body.contains(requests + #""/healthz",method="GET",status="200"} 1\#n"#))
                #expect(response.body.contains(requests + #""page",method="GET",status="200"} 1\#n"#))
                #expect(response.body.contains(requests + #""none",method="GET",status="404"} 1\#n"#))
                #expect(!response.body.contains("/nothing"))
            }
        }
    }

    @Test func `each server counts for itself`() async throws {
        try await RunningServer.with { one in
            try await RunningServer.with { other in
                _ = try await RawConnection.with(port: one.port) { try await $0.request("GET", "/healthz") }
                let response = try await RawConnection.with(port: other.port) {
                    try await $0.request("GET", "/metrics")
                }
                #expect(response.status == 200 && !response.body.contains("/healthz"))
            }
        }
    }

    @Test func `connections are counted by how they ended`() async throws {
        try await RunningServer.with { server in
            try await RawConnection.with(port: server.port) { connection in
                let cookie = ("Cookie", "whinchat_\(server.port)=forged")
                let response = try await connection.upgrade("/v1/chat", [cookie])
                #expect(response.status == 101)
                #expect(try await connection.frame() == .close(4401))
            }
            // The connection is over for the server once it has heard of ours.
            let closed = #"whinchat_websocket_connections_closed_total{code="4401",by="local"} 1"#
            let deadline = ContinuousClock.now + .seconds(30)
            var text = ""
            while !text.contains(closed), ContinuousClock.now < deadline {
                text = try await RawConnection.with(port: server.port) { try await $0.request("GET", "/metrics") }.body
            }
            #expect(text.contains(closed))
            #expect(text.contains("whinchat_websocket_connections_opened_total 1\n"))
        }
    }

    @Test(arguments: [
        [("X-Forwarded-For", "127.0.0.1")], [("X-Real-IP", "127.0.0.1")], [("Forwarded", "for=127.0.0.1")],
        [("Via", "1.1 proxy")], [("Origin", "http://127.0.0.1")],
    ])
    func `who comes through a proxy or from a page is refused`(_ fields: [(String, String)]) async throws {
        try await RunningServer.with { server in
            try await RawConnection.with(port: server.port) { connection in
                let field = fields.map { ($0.0, $0.0 == "Origin" ? "\($0.1):\(server.port)" : $0.1) }
                let response = try await connection.request(
                    "GET", "/metrics", host: "127.0.0.1:\(server.port)", fields: field)
                #expect(response.status == 403 && response["content-type"] == "application/problem+json")
            }
        }
    }

    @Test func `a proxy that adds nothing shows by the name that it passes on`() async throws {
        let configuration = ChatServerConfiguration(
            port: 0, allowedOrigins: [try #require(WebOrigin("https://chat.example"))])
        try await RunningServer.with(configuration) { server in
            try await RawConnection.with(port: server.port) { connection in
                for (host, status) in [("chat.example", 403), ("localhost", 200), ("evil.example", 403)] {
                    let response = try await connection.request("GET", "/metrics", host: host)
                    #expect(response.status == status, "\(host)")
                }
            }
        }
    }

    @Test func `on lets everybody in, off nobody`() async throws {
        let forwarded = [("X-Forwarded-For", "192.0.2.1")]
        try await RunningServer.with(ChatServerConfiguration(port: 0, metricsAccess: .on)) { server in
            try await RawConnection.with(port: server.port) { connection in
                let response = try await connection.request("GET", "/metrics", fields: forwarded)
                #expect(response.status == 200)
                let foreign = try await connection.request("GET", "/metrics", host: "evil.example")
                #expect(foreign.status == 403)
            }
        }
        try await RunningServer.with(ChatServerConfiguration(port: 0, metricsAccess: .off)) { server in
            try await RawConnection.with(port: server.port) { connection in
                for method in ["GET", "POST"] {
                    let response = try await connection.request(method, "/metrics")
                    #expect(response.status == 404)
                }
            }
        }
    }
}
