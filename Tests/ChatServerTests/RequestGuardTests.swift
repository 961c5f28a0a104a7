import ChatServer
import Testing

@Suite struct RequestGuardTests {
    private func guarding(_ host: String, _ origins: String...) throws -> RequestGuard {
        RequestGuard(host: host, allowedOrigins: try origins.map { try #require(WebOrigin($0)) })
    }

    // MARK: Host

    @Test(arguments: ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:65535"])
    func `on loopback its names pass, at any port`(host: String) throws {
        for bound in ["127.0.0.1", "localhost", "::1"] {
            #expect(try guarding(bound).refusal(host: host, origin: nil) == nil)
        }
    }

    @Test(arguments: [
        "evil.example", "localhost.evil.example:8080", "127.0.0.1.evil.example", "192.168.1.2", "localhost.",
    ])
    func `on loopback every other name is refused`(host: String) throws {
        let refusal = try #require(try guarding("127.0.0.1").refusal(host: host, origin: nil))
        #expect(refusal.status == 403)
        #expect(refusal.detail.contains(host) && refusal.detail.contains("127.0.0.1, [::1]"))
    }

    @Test(arguments: [
        "", ":80", "localhost:", "localhost:0", "localhost:65536", "localhost:8080, evil.example", "user@localhost",
        "[::1", "[x]",
        "local host", "localhost/", "localhost:80:80", "::1", "löcalhost",
    ])
    func `what is not one host is malformed`(host: String) throws {
        #expect(try guarding("127.0.0.1").refusal(host: host, origin: nil) == .badHost(host))
    }

    @Test func `a request without Host is malformed`() throws {
        let refusal = try guarding("127.0.0.1").refusal(host: nil, origin: nil)
        #expect(refusal == .badHost(nil) && refusal?.status == 400)
    }

    @Test func `bound to a name, that name passes and loopback's do not`() throws {
        let bound = try guarding("chat.lan")
        #expect(bound.refusal(host: "chat.lan:8080", origin: nil) == nil)
        #expect(bound.refusal(host: "Chat.LAN", origin: nil) == nil)
        #expect(bound.refusal(host: "localhost:8080", origin: nil)?.status == 403)
    }

    @Test func `bound to every address, literal addresses pass and names must be allowed`() throws {
        let bound = try guarding("0.0.0.0", "http://chat.lan:8080")
        for host in ["192.168.1.2:8080", "[fe80::1]:8080", "localhost:8080", "chat.lan:8080"] {
            #expect(bound.refusal(host: host, origin: nil) == nil, "\(host)")
        }
        #expect(bound.refusal(host: "evil.example:8080", origin: nil)?.status == 403)
        #expect(bound.refusal(host: "chat.lan:9090", origin: nil)?.status == 403)
    }

    @Test func `an allowed origin's host passes beside loopback's`() throws {
        let behindProxy = try guarding("127.0.0.1", "https://chat.example")
        for host in ["chat.example", "chat.example:443", "127.0.0.1:8080"] {
            #expect(behindProxy.refusal(host: host, origin: nil) == nil, "\(host)")
        }
        #expect(behindProxy.refusal(host: "chat.example:80", origin: nil)?.status == 403)
    }

    // MARK: Origin

    @Test(arguments: ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080", "HTTP://LocalHost:8080"])
    func `the server's own pages pass under any of its names`(origin: String) throws {
        #expect(try guarding("127.0.0.1").refusal(host: "127.0.0.1:8080", origin: origin) == nil)
    }

    @Test(arguments: [
        "null", "", "http://evil.example", "http://evil.example:8080", "http://localhost:3000", "http://localhost",
        "file://",
        "http://localhost:8080/", "http://localhost:8080, http://evil.example", "ws://localhost:8080",
        "http://localhost:8080@evil.example", "chrome-extension://abc",
    ])
    func `every other page is foreign`(origin: String) throws {
        let refusal = try #require(try guarding("127.0.0.1").refusal(host: "localhost:8080", origin: origin))
        guard case .foreignOrigin(origin, _) = refusal else {
            Issue.record("\(refusal)")
            return
        }
        #expect(refusal.status == 403 && refusal.detail.contains("Origin"))
    }

    @Test func `an allowed origin passes, with its scheme and port and no other`() throws {
        let bound = try guarding("127.0.0.1", "https://chat.example", "http://localhost:3000")
        #expect(bound.refusal(host: "127.0.0.1:8080", origin: "https://chat.example") == nil)
        #expect(bound.refusal(host: "127.0.0.1:8080", origin: "https://chat.example:443") == nil)
        #expect(bound.refusal(host: "127.0.0.1:8080", origin: "http://localhost:3000") == nil)
        #expect(bound.refusal(host: "127.0.0.1:8080", origin: "http://chat.example")?.status == 403)
        #expect(bound.refusal(host: "127.0.0.1:8080", origin: "https://sub.chat.example")?.status == 403)
    }

    @Test func `behind a proxy that ends TLS, a page of https is of the host it names`() throws {
        let bound = try guarding("0.0.0.0")
        #expect(bound.refusal(host: "192.168.1.2", origin: "https://192.168.1.2") == nil)
        #expect(bound.refusal(host: "192.168.1.2", origin: "https://192.168.1.3")?.status == 403)
    }

    @Test func `a refusal quotes no more than a line of what was sent`() throws {
        let host = String(repeating: "a", count: 5_000)
        let detail = try #require(try guarding("127.0.0.1").refusal(host: host, origin: nil)).detail
        #expect(detail.count < 500)
    }
}
