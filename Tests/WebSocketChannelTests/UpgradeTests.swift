import NIOCore
import NIOPosix
import Testing
import WebSocket
import WebSocketChannel

@Suite("Upgrading a connection", .timeLimit(.minutes(2)))
struct UpgradeTests {
    @Test func `the subprotocol that both speak is chosen`() async throws {
        try await TestServer.run(policy: HandshakePolicy(subprotocols: ["whinchat.v1"])) { server in
            let client = try await RawClient(server)
            #expect(try await client.upgrade(subprotocols: ["other", "whinchat.v1"]) == "whinchat.v1")
            let plain = try await RawClient(server)
            #expect(try await plain.upgrade() == nil)
        }
    }

    @Test func `a frame sent together with the request is not lost`() async throws {
        try await TestServer.run { server in
            let client = try await RawClient(server)
            var bytes = try RawClient.upgradeRequest()
            bytes.writeImmutableBuffer(RawClient.frame(.text, "early"))
            try await client.send(bytes)
            #expect(try await client.head().status == 101)
            #expect(try await client.element() == text("early"))
        }
    }

    @Test func `request and frame may be cut at every byte`() async throws {
        try await TestServer.run { server in
            var whole = try RawClient.upgradeRequest()
            whole.writeImmutableBuffer(RawClient.frame(.text, "early"))
            for index in 1..<whole.readableBytes {
                var rest = whole
                let client = try await RawClient(server)
                try await client.send(rest.readSlice(length: index) ?? ByteBuffer())
                try await client.send(rest)
                #expect(try await client.head().status == 101)
                #expect(try await client.element() == text("early"), "cut at \(index)")
                try await client.channel.close()
            }
        }
    }

    @Test func `a refusal is a whole HTTP response that says why, and the end`() async throws {
        try await TestServer.run(policy: HandshakePolicy { $0.origin == nil }) { server in
            let fields = try ClientHandshake().fields(host: "localhost")
            let foreign = try await RawClient(server)
            try await foreign.send(
                RawClient.request("/chat", fields + [(name: "Origin", value: "http://evil.example")]))
            let forbidden = try await foreign.response()
            #expect(forbidden.status == 403)
            #expect(forbidden.body == "this Origin or Host may not open a WebSocket here\n")
            #expect(forbidden.fields.contains { $0 == ("Connection", "close") })
            #expect(try await foreign.end().readableBytes == 0)

            let old = try await RawClient(server)
            let oldFields = fields.map { $0.name == "Sec-WebSocket-Version" ? (name: $0.name, value: "8") : $0 }
            try await old.send(RawClient.request("/chat", oldFields))
            let outdated = try await old.response()
            #expect(outdated.status == 426)
            #expect(outdated.fields.contains { $0 == ("Sec-WebSocket-Version", "13") })

            let plain = try await RawClient(server)
            try await plain.send(RawClient.request("/chat", [(name: "Host", value: "localhost")]))
            #expect(try await plain.response().status == 426)
            var results = server.events.makeAsyncIterator()
            for _ in 0..<3 { #expect(await results.next() == .became("ended")) }
        }
    }

    @Test func `what is not HTTP is told so`() async throws {
        try await TestServer.run { server in
            let client = try await RawClient(server)
            try await client.send(ByteBuffer(string: "\u{16}\u{3}\u{1} this is TLS\r\n\r\n"))
            #expect(try await client.response().status == 400)
            #expect(try await client.end().readableBytes == 0)
        }
    }

    @Test func `plain HTTP goes on to the next handler, request after request`() async throws {
        try await TestServer.run { server in
            let client = try await RawClient(server)
            let fields = [(name: "Host", value: "localhost"), (name: "Content-Length", value: "4")]
            for path in ["/one", "/two", "/three"] {
                var request = RawClient.request(path, fields, method: "POST")
                request.writeString("body")
                try await client.send(request)
                #expect(try await client.response().body == "\(path) body kept")
            }
            var results = server.events.makeAsyncIterator()
            #expect(await results.next() == .became("http"))
        }
    }

    @Test func `a request for another upgrade is served as its connection's last`() async throws {
        try await TestServer.run { server in
            let fields = [
                (name: "Host", value: "localhost"), (name: "Upgrade", value: "h2c"),
                (name: "Connection", value: "Upgrade"),
            ]
            let client = try await RawClient(server)
            try await client.send(RawClient.request("/page", fields))
            #expect(try await client.response().body == "/page  last")
            #expect(try await client.end().readableBytes == 0)
        }
    }

    @Test func `a WebSocket on a kept connection is not answered, so that a proxy asks again on a fresh one`()
        async throws
    {
        try await TestServer.run { server in
            let client = try await RawClient(server)
            try await client.send(RawClient.request("/page", [(name: "Host", value: "localhost")]))
            #expect(try await client.response().body == "/page  kept")
            try await client.send(try RawClient.upgradeRequest())
            #expect(try await client.end().readableBytes == 0)
        }
    }

    @Test func `a connection that says nothing, or only half a head, is closed`() async throws {
        try await TestServer.run(headTimeout: .milliseconds(500)) { server in
            let silent = try await RawClient(server)
            #expect(try await silent.end().readableBytes == 0)
            let half = try await RawClient(server)
            // On a machine that is busy enough the time may be over before this is sent: closed it is then, too.
            try? await half.send(ByteBuffer(string: "GET /chat HTTP/1.1\r\nHost: a\r\n"))
            #expect(try await half.end().readableBytes == 0)
            var results = server.events.makeAsyncIterator()
            #expect(await results.next() == .became("ended"))
            #expect(await results.next() == .became("ended"))
        }
    }

    @Test func `a connection that has asked for nothing does not hold up a stop`() async throws {
        try await TestServer.run { server in
            let client = try await RawClient(server)
            var channels = server.channels.makeAsyncIterator()
            let channel = try #require(await channels.next())
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            #expect(try await client.end().readableBytes == 0)
        }
    }
}
