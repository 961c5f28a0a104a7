import ChatServer
import NIOCore
import Testing
import WebSocket

/// The WebSocket beside HTTP on one port, over real sockets.
@Suite struct ChatChannelTests {
    @Test func `a program on loopback opens a chat as local`() async throws {
        try await RunningServer.with { server in
            try await RawConnection.with(port: server.port) { connection in
                let response = try await connection.upgrade()
                #expect(response.status == 101 && response["sec-websocket-protocol"] == "whinchat.v1")
                #expect(try await connection.frame() == .text("local"))
                try await connection.sendText("hello")
                #expect(try await connection.frame() == .text("hello"))
                try await connection.sendClose(.normal)
                #expect(try await connection.frame() == .close(1000))
                try await connection.waitForEnd()
            }
            #expect(server.echoes.openings == [ChatOpening(identity: .local, subprotocol: "whinchat.v1")])
        }
    }

    @Test func `a browser opens a chat as who its cookie says`() async throws {
        try await RunningServer.with { server in
            let cookie = try server.cookie()
            try await RawConnection.with(port: server.port) { connection in
                let fields = [("Cookie", cookie), ("Origin", "http://127.0.0.1:\(server.port)")]
                let response = try await connection.upgrade(host: "127.0.0.1:\(server.port)", fields)
                #expect(response.status == 101)
                let identity = IdentityCookie(key: server.key).identity(in: cookie)
                #expect(try await connection.frame() == .text(identity?.ownerKey ?? ""))
            }
        }
    }

    @Test func `a browser without a valid cookie is told so after the upgrade, by 4401`() async throws {
        try await RunningServer.with { server in
            for cookie in [[], [("Cookie", "whinchat_00000000=x.y")]] {
                try await RawConnection.with(port: server.port) { connection in
                    let fields = [("Origin", "http://127.0.0.1:\(server.port)")] + cookie
                    let response = try await connection.upgrade(host: "127.0.0.1:\(server.port)", fields)
                    #expect(response.status == 101)
                    #expect(try await connection.frame() == .close(4401))
                }
            }
            #expect(server.echoes.openings.isEmpty)
        }
    }

    @Test func `a foreign Host or Origin does not get as far as the upgrade`() async throws {
        try await RunningServer.with { server in
            let cookie = try server.cookie()
            for (host, origin) in [
                ("evil.example", "http://evil.example"), ("127.0.0.1", "http://evil.example"), ("127.0.0.1", "null"),
            ] {
                try await RawConnection.with(port: server.port) { connection in
                    let response = try await connection.upgrade(host: host, [("Origin", origin), ("Cookie", cookie)])
                    #expect(response.status == 403 && response["content-type"] == "application/problem+json")
                    #expect(response["connection"] == "close")
                    try await connection.waitForEnd()
                }
            }
            #expect(server.echoes.openings.isEmpty)
        }
    }

    @Test func `the WebSocket's address without an upgrade asks for one`() async throws {
        try await RunningServer.with { server in
            try await RawConnection.with(port: server.port) { connection in
                let response = try await connection.request("GET", "/v1/chat")
                #expect(response.status == 426 && response["upgrade"] == "websocket")
                #expect(response["connection"] == "upgrade")
                #expect(try await connection.request("GET", "/healthz").status == 200)
            }
        }
    }

    @Test func `an upgrade elsewhere is served as if it had not asked`() async throws {
        try await RunningServer.with { server in
            try await RawConnection.with(port: server.port) { connection in
                let response = try await connection.upgrade("/healthz")
                #expect(response.status == 200 && response["connection"] == "close")
                try await connection.waitForEnd()
            }
        }
    }

    @Test func `frames sent right behind the handshake are not lost`() async throws {
        try await RunningServer.with { server in
            try await RawConnection.with(port: server.port) { connection in
                let handshake = try ClientHandshake()
                var bytes = ByteBuffer(string: "GET /v1/chat HTTP/1.1\r\n")
                for (name, value) in handshake.fields(host: "localhost") { bytes.writeString("\(name): \(value)\r\n") }
                bytes.writeString("\r\n")
                FrameEncoder.write(.text, payload: ByteBuffer(string: "early"), maskingKey: .random(), into: &bytes)
                try await connection.send(bytes)
                #expect(try await connection.response().status == 101)
                #expect(try await connection.frame() == .text("local"))
                #expect(try await connection.frame() == .text("early"))
            }
        }
    }

    @Test func `a shutdown says goodbye to WebSockets and idle connections, and then ends`() async throws {
        let (opened, continuation) = AsyncStream<Void>.makeStream()
        let (ports, portContinuation) = AsyncStream<Int>.makeStream()
        async let said = {
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            return try await RawConnection.with(port: port) { idle in
                try await RawConnection.with(port: port) { connection in
                    _ = try await connection.upgrade()
                    _ = try await connection.frame()
                    continuation.yield()
                    let frame = try await connection.frame()
                    try await connection.sendClose(.goingAway)
                    try await connection.waitForEnd()
                    try await idle.waitForEnd()
                    return frame
                }
            }
        }()
        try await RunningServer.with { server in
            portContinuation.yield(server.port)
            var iterator = opened.makeAsyncIterator()
            await iterator.next()
        }
        #expect(try await said == .close(1001))
    }
}
