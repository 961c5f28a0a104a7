import Testing
import WebSocket

typealias Field = (name: String, value: String)

/// The RFC's own example, §1.3.
private let example: [Field] = [
    (name: "Host", value: "server.example.com"),
    (name: "Upgrade", value: "websocket"),
    (name: "Connection", value: "Upgrade"),
    (name: "Sec-WebSocket-Key", value: "dGhlIHNhbXBsZSBub25jZQ=="),
    (name: "Origin", value: "http://example.com"),
    (name: "Sec-WebSocket-Protocol", value: "chat, superchat"),
    (name: "Sec-WebSocket-Version", value: "13"),
]

/// The example with one field replaced by some values, or none.
private func example(_ name: String, _ values: String...) -> [Field] {
    example.filter { $0.name != name } + values.map { (name: name, value: $0) }
}

private func decide(
    _ fields: [Field], method: String = "GET", version: (major: Int, minor: Int) = (1, 1),
    policy: HandshakePolicy = HandshakePolicy()
) -> HandshakeDecision {
    OpeningHandshake.decide(method: method, httpVersion: version, fields: fields, policy: policy)
}

private func isAccepted(_ fields: [Field]) -> Bool {
    if case .accept = decide(fields) { true } else { false }
}

@Suite("RFC 6455 §4.2.1: reading the client's opening handshake")
struct OpeningHandshakeRequestTests {
    @Test func `the RFC's example is accepted with the RFC's answer`() {
        let acceptance = HandshakeAcceptance(
            acceptValue: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", subprotocol: nil, offeredSubprotocols: ["chat", "superchat"])
        #expect(decide(example) == .accept(acceptance))
    }

    @Test(arguments: ["POST", "HEAD", "get", "CONNECT"])
    func `any method but GET is refused`(method: String) {
        let decision = decide(example, method: method)
        #expect(decision == .refuse(HandshakeRefusal(.methodNotGET)))
        #expect(HandshakeRefusal(.methodNotGET).status == 405)
        #expect(HandshakeRefusal(.methodNotGET).fields.contains { $0 == ("Allow", "GET") })
    }

    @Test func `any version but HTTP 1_1 is refused`() {
        #expect(decide(example, version: (1, 0)) == .refuse(HandshakeRefusal(.httpVersionTooLow)))
        #expect(decide(example, version: (0, 9)) == .refuse(HandshakeRefusal(.httpVersionTooLow)))
    }

    @Test func `Host is needed exactly once`() {
        #expect(decide(example("Host")) == .refuse(HandshakeRefusal(.hostNotOnce)))
        #expect(decide(example("Host", "a", "a")) == .refuse(HandshakeRefusal(.hostNotOnce)))
    }

    @Test func `Upgrade is a list of tokens, over several lines, in any case`() {
        #expect(isAccepted(example("Upgrade", "h2c, WebSocket")))
        #expect(isAccepted(example("Upgrade", "h2c", " WEBSOCKET\t")))
        #expect(isAccepted(example("Upgrade", ",,websocket,")))
        for values in [[], [""], ["websockets"], ["web socket"], ["h2c"]] as [[String]] {
            let fields = example("Upgrade") + values.map { (name: "Upgrade", value: $0) }
            #expect(decide(fields) == .refuse(HandshakeRefusal(.upgradeMissing)), "\(values)")
        }
    }

    @Test func `Connection is a list of tokens, over several lines, in any case`() {
        #expect(isAccepted(example("Connection", "keep-alive, Upgrade")))
        #expect(isAccepted(example("Connection", "keep-alive", "UPGRADE")))
        #expect(isAccepted(example("connection", "upgrade")))
        #expect(decide(example("Connection")) == .refuse(HandshakeRefusal(.connectionMissing)))
        #expect(decide(example("Connection", "keep-alive")) == .refuse(HandshakeRefusal(.connectionMissing)))
    }

    @Test func `names of fields are read without regard to case`() {
        #expect(isAccepted(example.map { (name: $0.name.uppercased(), value: $0.value) }))
        #expect(isAccepted(example.map { (name: $0.name.lowercased(), value: $0.value) }))
    }

    @Test(arguments: [
        "", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25jZXM=", "dGhlIHNhbXBsZSBub25jZXMx", "dGhlIHNhbXBsZSBub25j*Q==", "dGhlIHNhbXBsZSBub25j_Q==",
        "dGhlIHNhbXBsZSBub25 ZQ==", "AAAA", "dGhlIHNhbXBsZSBub25jZQ=A", "€€€€€€€€",
    ])
    func `a key that is not 16 bytes in base64 is refused`(key: String) {
        #expect(decide(example("Sec-WebSocket-Key", key)) == .refuse(HandshakeRefusal(.keyNotSixteenBytes)))
    }

    @Test func `a key is needed exactly once`() {
        #expect(decide(example("Sec-WebSocket-Key")) == .refuse(HandshakeRefusal(.keyNotOnce)))
        let twice = example("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ==")
        #expect(decide(twice) == .refuse(HandshakeRefusal(.keyNotOnce)))
    }

    @Test func `any version but 13 gets a 426 that says 13`() {
        let refusal = HandshakeRefusal(.versionNotSupported)
        for values in [[], ["8"], ["0"], ["14"], ["13, 8"], ["013"], ["13", "13"]] as [[String]] {
            let fields = example("Sec-WebSocket-Version") + values.map { (name: "Sec-WebSocket-Version", value: $0) }
            #expect(decide(fields) == .refuse(refusal), "\(values)")
        }
        #expect(refusal.status == 426)
        #expect(refusal.fields.contains { $0 == ("Sec-WebSocket-Version", "13") })
        #expect(refusal.fields.contains { $0 == ("Upgrade", "websocket") })
    }

    @Test func `a handshake has no body`() {
        #expect(decide(example + [(name: "Content-Length", value: "5")]) == .refuse(HandshakeRefusal(.hasBody)))
        #expect(
            decide(example + [(name: "Transfer-Encoding", value: "chunked")]) == .refuse(HandshakeRefusal(.hasBody)))
        #expect(isAccepted(example + [(name: "Content-Length", value: "0")]))
    }

    @Test func `a request without Upgrade is no attempt`() {
        #expect(OpeningHandshake.isAttempted(fields: example))
        #expect(OpeningHandshake.isAttempted(fields: [(name: "upgrade", value: "WebSocket")] as [Field]))
        #expect(!OpeningHandshake.isAttempted(fields: example("Upgrade", "h2c")))
    }
}

@Suite("RFC 6455 §4.2.2: the server's opening handshake")
struct OpeningHandshakeResponseTests {
    @Test func `the response has the RFC's fields`() {
        guard case .accept(let acceptance) = decide(example, policy: HandshakePolicy(subprotocols: ["chat"])) else {
            Issue.record("refused")
            return
        }
        let fields = acceptance.fields.map { "\($0.name): \($0.value)" }
        #expect(
            fields == [
                "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
                "Sec-WebSocket-Protocol: chat",
            ])
    }

    @Test(
        arguments: [
            (["superchat", "chat"], ["chat, superchat"], "superchat"),
            (["v2", "v1"], ["v0", "v1"], "v1"),
            (["v1"], ["V1"], nil),
            (["v1"], [], nil),
            ([], ["v1"], nil),
            (["v1"], ["bearer.abc , v1"], "v1"),
        ] as [([String], [String], String?)])
    func `the subprotocol is the server's favourite of those offered`(
        spoken: [String], offered: [String], chosen: String?
    ) {
        let fields =
            example("Sec-WebSocket-Protocol") + offered.map { (name: "Sec-WebSocket-Protocol", value: $0) }
        guard case .accept(let acceptance) = decide(fields, policy: HandshakePolicy(subprotocols: spoken)) else {
            Issue.record("refused")
            return
        }
        #expect(acceptance.subprotocol == chosen)
    }

    @Test func `a foreign origin is refused with 403`() {
        let policy = HandshakePolicy { source in
            source.host == "server.example.com" && (source.origin ?? "http://example.com") == "http://example.com"
        }
        let refused = HandshakeDecision.refuse(HandshakeRefusal(.sourceRefused))
        #expect(decide(example, policy: policy) != refused)
        #expect(decide(example("Origin"), policy: policy) != refused)
        #expect(decide(example("Origin", "http://evil.example"), policy: policy) == refused)
        #expect(decide(example("Origin", "null"), policy: policy) == refused)
        #expect(decide(example("Host", "rebound.example"), policy: policy) == refused)
        #expect(HandshakeRefusal(.sourceRefused).status == 403)
    }

    @Test func `two origins are refused whatever they are`() {
        let fields = example("Origin", "http://example.com", "http://evil.example")
        #expect(decide(fields) == .refuse(HandshakeRefusal(.originNotOnce)))
    }
}

@Suite("RFC 6455 §4.1: the client's opening handshake")
struct ClientHandshakeTests {
    private func answer(_ handshake: ClientHandshake, _ subprotocols: [String] = []) throws -> HandshakeAcceptance {
        let decision = decide(
            handshake.fields(host: "localhost:8080"), policy: HandshakePolicy(subprotocols: subprotocols))
        guard case .accept(let acceptance) = decision else { throw ClientHandshake.Failure.upgradeMissing }
        return acceptance
    }

    @Test func `what a client asks, a server accepts, and the client takes the answer`() throws {
        let handshake = try ClientHandshake(subprotocols: ["whinchat.v1", "other"])
        let fields = try self.answer(handshake, ["other"]).fields
        #expect(try handshake.check(status: 101, fields: fields) == "other")
        let plain = try ClientHandshake()
        let plainFields = try self.answer(plain).fields
        #expect(try plain.check(status: 101, fields: plainFields) == nil)
    }

    @Test func `keys are new each time`() throws {
        let keys = try (0..<100).map { _ in try ClientHandshake().key }
        #expect(Set(keys).count == keys.count)
        #expect(keys.allSatisfy { HandshakeKey.isValid($0) })
    }

    @Test func `a wrong answer is refused`() throws {
        typealias Failure = ClientHandshake.Failure
        let handshake = try ClientHandshake(subprotocols: ["a"])
        let fields: [Field] = try self.answer(handshake, ["a"]).fields
        #expect(throws: Failure.statusNotSwitchingProtocols(200)) { try handshake.check(status: 200, fields: fields) }
        #expect(throws: Failure.upgradeMissing) { try handshake.check(status: 101, fields: fields.dropFirst()) }
        #expect(throws: Failure.connectionMissing) {
            try handshake.check(status: 101, fields: fields.filter { $0.name != "Connection" })
        }
        let otherFields = try self.answer(ClientHandshake()).fields
        #expect(throws: Failure.acceptValueWrong) { try handshake.check(status: 101, fields: otherFields) }
        #expect(throws: Failure.extensionNotOffered("permessage-deflate")) {
            try handshake.check(
                status: 101, fields: fields + [(name: "Sec-WebSocket-Extensions", value: "permessage-deflate")])
        }
        #expect(throws: Failure.subprotocolNotOffered("b")) {
            let renamed = fields.map { $0.name == "Sec-WebSocket-Protocol" ? (name: $0.name, value: "b") : $0 }
            _ = try handshake.check(status: 101, fields: renamed)
        }
    }
}
