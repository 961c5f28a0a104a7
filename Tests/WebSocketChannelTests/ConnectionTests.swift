import NIOCore
import NIOPosix
import Testing
import WebSocket
import WebSocketChannel

@Suite("Messages over a socket", .timeLimit(.minutes(2)))
struct ConnectionTests {
    @Test func `texts and binaries of every size are echoed`() async throws {
        try await TestServer.run { server in
            let client = try await RawClient(server)
            _ = try await client.upgrade()
            for length in [0, 1, 125, 126, 16384, 16385, 65535, 65536, 1 << 20] {
                let string = String(repeating: "x", count: length)
                try await client.send(.text, string)
                #expect(try await client.element() == text(string))
                try await client.send(.binary, string)
                #expect(try await client.element() == .binary(ByteBuffer(string: string)))
            }
        }
    }

    @Test func `a ping is answered, between fragments too`() async throws {
        try await TestServer.run { server in
            let client = try await RawClient(server)
            _ = try await client.upgrade()
            try await client.send(.text, "Hel", isFinal: false)
            try await client.send(.ping, "there?")
            #expect(try await client.element() == .pong(ByteBuffer(string: "there?")))
            try await client.send(.continuation, "lo")
            #expect(try await client.element() == text("Hello"))
        }
    }

    @Test func `what one read caused is flushed once`() async throws {
        try await TestServer.run { server in
            let client = try await RawClient(server)
            _ = try await client.upgrade()
            var frames = ByteBuffer()
            for number in 0..<200 { frames.writeImmutableBuffer(RawClient.frame(.text, "\(number)")) }
            try await client.send(frames)
            for number in 0..<200 { #expect(try await client.element() == text("\(number)")) }
            server.finishCounting()
            var calls: [FlushCounter.Call] = []
            for await call in server.flushes { calls.append(call) }
            // The 101 is one more.
            let reads = calls.count { $0 == .readComplete }
            let flushes = calls.count { $0 == .flush }
            #expect(flushes <= reads + 1)
            #expect(flushes >= 2)
        }
    }

    @Test func `frames encoded beforehand are sent as they are`() async throws {
        try await TestServer.run(reaction: { connection, _ in
            var frames = ByteBuffer()
            for number in 0..<3 { FrameEncoder.writeText(into: &frames) { $0.writeString("\(number)") } }
            connection.writeFrames(frames)
        }) { server in
            let client = try await RawClient(server)
            _ = try await client.upgrade()
            try await client.send(.text, "go")
            for number in 0..<3 { #expect(try await client.element() == text("\(number)")) }
        }
    }

    @Test func `a slow reader stops the sender, which goes on when told`() async throws {
        let chunk = String(repeating: "y", count: 60000)
        try await TestServer.run(reaction: { connection, what in
            // Sends as a log cursor does: as much as the channel takes, then waits to be told.
            guard what == "flood" || what == "writable" else { return connection.sendText(ByteBuffer(string: what)) }
            if what == "writable" { return connection.sendText(ByteBuffer(string: "went on")) }
            while connection.isWritable {
                connection.sendText(ByteBuffer(string: chunk))
                // In a read, nothing leaves before its end.
            }
        }) { server in
            let client = try await RawClient(server, reads: false)
            try await client.send(try RawClient.upgradeRequest())
            try await client.send(.text, "flood")
            try await client.startReading()
            #expect(try await client.head().status == 101)
            var chunks = 0
            while true {
                let element = try await client.element()
                if element == text("went on") { break }
                #expect(element == text(chunk))
                chunks += 1
            }
            #expect(chunks >= 1)
        }
    }

    @Test func `while reading is paused nothing is delivered`() async throws {
        let (connections, opened) = AsyncStream.makeStream(of: NIOLoopBound<WebSocketConnection>.self)
        try await TestServer.run(reaction: { connection, what in
            connection.sendText(ByteBuffer(string: what))
            guard what == "pause", let loop = connection.channel?.eventLoop else { return }
            connection.pauseReading()
            opened.yield(NIOLoopBound(connection, eventLoop: loop))
        }) { server in
            let client = try await RawClient(server)
            _ = try await client.upgrade()
            try await client.send(.text, "pause")
            #expect(try await client.element() == text("pause"))
            try await client.send(.text, "more")
            // The server's one loop serves this connection after it would have read "more".
            let other = try await RawClient(server)
            _ = try await other.upgrade()
            for _ in 0..<20 {
                try await other.send(.text, "round")
                #expect(try await other.element() == text("round"))
            }
            var iterator = connections.makeAsyncIterator()
            let connection = try #require(await iterator.next())
            try await connection.eventLoop.submit {
                connection.value.sendText(ByteBuffer(string: "resuming"))
                connection.value.resumeReading()
            }.get()
            #expect(try await client.element() == text("resuming"))
            #expect(try await client.element() == text("more"))
        }
    }

    @Test func `both ends may be this driver`() async throws {
        try await TestServer.run { server in
            let (events, told) = AsyncStream.makeStream(of: Event.self)
            let client = try await RawClient(server)
            _ = try await client.upgrade()
            let channel = client.channel
            try await channel.eventLoop.submit {
                let delegate = RecordingDelegate(told) { connection, text in
                    if text == "enough" { connection.close(.normal, reason: "bye") }
                }
                let connection = WebSocketConnection(delegate: delegate, role: .client)
                try channel.pipeline.syncOperations.addHandler(connection, position: .first)
                connection.sendText(ByteBuffer(string: "enough"))
            }.get()
            let bye = ConnectionEnd(.local, code: .normal, reason: "bye")
            #expect(await events.first { $0 == .closed(bye) } != nil)
            let heard = ConnectionEnd(.peer, code: .normal, reason: "bye")
            #expect(await server.events.first { $0 == .closed(heard) } != nil)
        }
    }
}
