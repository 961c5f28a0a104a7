import CurlTransport
import NIOCore
import Testing
import WhinchatTesting

@Suite struct FailureTests {
    /// Starts a request, answers it, and returns how the transfer ended.
    private func failure(
        of answer: (Exchange) async throws -> Void, certificate: TestCertificate? = nil
    ) async throws -> TransferError? {
        let provider = try await FakeProvider.start(certificate: certificate)
        let rig = try Rig.trusting()
        let (_, recorder) = try await rig.start(
            TransferRequest(url: provider.baseURL, body: ByteBuffer(string: "{}")))
        try await answer(try await provider.nextExchange())
        let error = try await recorder.end()
        await rig.engine.shutdown()
        await provider.stop()
        return error
    }

    @Test func `a port where nobody listens`() async throws {
        let deaf = try DeafServer(isListening: false)
        let error = try await Rig().get("http://127.0.0.1:\(deaf.port)").end()
        #expect(error?.kind == .couldNotConnect)
        #expect(error?.curlCode == 7)
        #expect(error?.message.isEmpty == false)
        withExtendedLifetime(deaf) {}
    }

    @Test func `a name that does not resolve`() async throws {
        // RFC 6761 §6.4: .invalid never resolves.
        let error = try await Rig().get("http://provider.invalid/").end()
        #expect(error?.kind == .couldNotResolve)
    }

    @Test func `connecting takes longer than its limit`() async throws {
        let deaf = try DeafServer()
        var request = TransferRequest(url: "http://127.0.0.1:\(deaf.port)")
        request.connectTimeout = .milliseconds(100)
        let error = try await Rig().start(request).recorder.end()
        #expect(error?.kind == .connectTimeout)
        withExtendedLifetime(deaf) {}
    }

    @Test func `a certificate that nobody vouches for`() async throws {
        let provider = try await FakeProvider.start(certificate: .shared())
        let error = try await Rig().get(provider.baseURL).end()
        #expect(error?.kind == .tls)
        #expect(error?.curlCode == 60)
        await provider.stop()
    }

    @Test func `a certificate for another name`() async throws {
        let provider = try await FakeProvider.start(certificate: .shared())
        let error = try await Rig.trusting().get("https://127.0.0.2:\(provider.port)").end()
        // Where 127.0.0.2 cannot be reached there is no certificate to check.
        #expect(error?.kind == .tls || error?.kind == .couldNotConnect)
        await provider.stop()
    }

    @Test func `TLS spoken to a plain port`() async throws {
        let provider = try await FakeProvider.start()
        let error = try await Rig().get("https://127.0.0.1:\(provider.port)").end()
        #expect(error?.kind == .tls)
        await provider.stop()
    }

    @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 abc\r\n\r\n", "\r\n\r\n\r\n", "HTTP/7.3 200 OK\r\n\r\n"])
    func `an answer that is not HTTP`(garbage: String) async throws {
        let error = try await failure { exchange in
            try await exchange.connection.send(garbage)
            exchange.connection.finish()
        }
        #expect(error?.kind == .malformed)
    }

    @Test func `a chunk without a length`() async throws {
        let error = try await failure { exchange in
            try await exchange.sendHead()
            try await exchange.connection.send("not hex\r\nabc\r\n")
        }
        #expect(error?.kind == .malformed)
    }

    @Test func `headers beyond the bound`() async throws {
        let error = try await failure { exchange in
            let lines = (0..<1000).map { "x-\($0): \(String(repeating: "v", count: 100))\r\n" }.joined()
            try await exchange.connection.send("HTTP/1.1 200 OK\r\n" + lines)
        }
        #expect(error?.kind == .malformed)
        #expect(error?.message.contains("65536") == true)
    }

    @Test func `one header line without an end`() async throws {
        let error = try await failure { exchange in
            try await exchange.connection.send("HTTP/1.1 200 OK\r\nx: " + String(repeating: "v", count: 300_000))
        }
        #expect(error?.kind == .malformed)
    }

    @Test(arguments: [false, true]) func `the end before any answer`(isTLS: Bool) async throws {
        let error = try await failure(
            of: { $0.connection.finish() }, certificate: isTLS ? try .shared() : nil)
        #expect(error?.kind == .truncated)
    }

    @Test(arguments: [Exchange.Framing.chunked, .contentLength(100)], [false, true])
    func `the end before the end of the body`(framing: Exchange.Framing, isTLS: Bool) async throws {
        let error = try await failure(
            of: { exchange in
                try await exchange.sendHead(framing: framing)
                try await exchange.connection.send("5\r\nhello\r\n")
                exchange.connection.finish()
            }, certificate: isTLS ? try .shared() : nil)
        #expect(error?.kind == .truncated)
    }

    @Test(arguments: [Exchange.Framing.chunked, .contentLength(100)])
    func `the end of a TLS connection without close_notify`(framing: Exchange.Framing) async throws {
        let error = try await failure(
            of: { exchange in
                try await exchange.sendHead(framing: framing)
                try await exchange.connection.send("5\r\nhello\r\n")
                exchange.connection.hangUp()
            }, certificate: .shared())
        #expect(error?.kind == .truncated)
    }

    @Test(arguments: [false, true]) func `a connection that breaks in the middle`(isTLS: Bool) async throws {
        let error = try await failure(
            of: { exchange in
                try await exchange.sendHead()
                try await exchange.sendChunk("hello")
                exchange.connection.reset()
            }, certificate: isTLS ? try .shared() : nil)
        #expect(error?.kind == .connectionLost)
    }

    @Test(arguments: [
        "", "example.org", "ftp://example.org/", "file:///etc/passwd", "https:/example.org", "http://",
        "http://exa mple.org/", "http://example.org/\r\nx-smuggled: 1", "http://[::1/", "http://127.0.0.1:99999/",
    ])
    func `a URL that we do not take`(url: String) async throws {
        let error = try await Rig().get(url).end()
        #expect(error?.kind == .invalidRequest)
    }

    @Test(arguments: [("x-a", "1\r\nx-b: 2"), ("x-a", "a\0b"), ("x a", "1"), ("", "1"), ("x:", "1")])
    func `a header that would break the request`(name: String, value: String) async throws {
        let error = try await Rig().start(
            TransferRequest(url: "http://127.0.0.1:1/", headers: [(name, value)])
        ).recorder.end()
        #expect(error?.kind == .invalidRequest)
        #expect(error?.message.contains("x-b") != true)
    }

    @Test func `an authorities file that is missing`() async throws {
        let provider = try await FakeProvider.start(certificate: .shared())
        let rig = try Rig(.init(authoritiesFile: "/nonexistent/authorities.pem", proxy: .none))
        #expect(try await rig.get(provider.baseURL).end()?.kind == .tls)
        await provider.stop()
    }
}
