import ChatServer
import Testing

@Suite struct IdentityRuleTests {
    private let cookie: IdentityCookie
    private let rule: IdentityRule

    init() throws {
        cookie = IdentityCookie(key: try IdentityKey())
        rule = IdentityRule(cookie: cookie, admitsLocal: true)
    }

    @Test func `a program on loopback that says nothing is local`() {
        #expect(rule.decide(.init(isLoopbackPeer: true)) == .identified(.local))
    }

    @Test func `it is nobody from another machine, behind a proxy, or where local is not admitted`() {
        let strict = IdentityRule(cookie: cookie, admitsLocal: false)
        #expect(rule.decide(.init(isLoopbackPeer: false)) == .unauthorised(.nothingSent))
        #expect(rule.decide(.init(isForwarded: true, isLoopbackPeer: true)) == .unauthorised(.nothingSent))
        #expect(strict.decide(.init(isLoopbackPeer: true)) == .unauthorised(.nothingSent))
    }

    @Test func `a browser is known by its cookie alone`() throws {
        let value = try cookie.issue()
        let header = "\(cookie.name)=\(value)"
        let expected = IdentityDecision.identified(.anonymous(id: String(value.prefix(32))))
        #expect(rule.decide(.init(cookie: header, origin: "http://localhost:8080", isLoopbackPeer: true)) == expected)
        #expect(rule.decide(.init(cookie: header, isForwarded: true, isLoopbackPeer: false)) == expected)
    }

    @Test func `a browser without a cookie is nobody, on loopback too`() {
        let evidence = IdentityRule.Evidence(origin: "http://localhost:8080", isLoopbackPeer: true)
        #expect(rule.decide(evidence) == .unauthorised(.nothingSent))
    }

    @Test func `cookies that prove nothing never fall back to local`() {
        #expect(rule.decide(.init(cookie: "other=1", isLoopbackPeer: true)) == .unauthorised(.noValidCookie))
        let forged = "\(cookie.name)=\(String(repeating: "0", count: 32)).\(String(repeating: "0", count: 64))"
        #expect(rule.decide(.init(cookie: forged, isLoopbackPeer: true)) == .unauthorised(.noValidCookie))
    }

    @Test func `a token that nobody knows is refused, whatever else came`() throws {
        let header = "\(cookie.name)=\(try cookie.issue())"
        let evidence = IdentityRule.Evidence(cookie: header, authorization: "bearer abc", isLoopbackPeer: true)
        #expect(rule.decide(evidence) == .unauthorised(.unknownToken))
    }

    @Test func `a proxy's Basic credentials are not ours to judge`() throws {
        let value = try cookie.issue()
        let evidence = IdentityRule.Evidence(
            cookie: "\(cookie.name)=\(value)", authorization: "Basic YTpi", isLoopbackPeer: true)
        #expect(rule.decide(evidence).identity == .anonymous(id: String(value.prefix(32))))
    }

    @Test func `local is admitted only where nothing beyond this machine is served`() throws {
        let beyond = try #require(WebOrigin("https://chat.example"))
        let here = try #require(WebOrigin("http://localhost:3000"))
        #expect(ChatServerConfiguration().admitsLocal)
        #expect(ChatServerConfiguration(allowedOrigins: [here]).admitsLocal)
        #expect(!ChatServerConfiguration(allowedOrigins: [here, beyond]).admitsLocal)
        #expect(!ChatServerConfiguration(host: "0.0.0.0").admitsLocal)
    }
}
