import NIOCore
import Testing
import WebSocket
import WebSocketChannel

extension TestServer {
    /// How the test's only WebSocket ended.
    func ending() async -> ConnectionEnd? {
        for await event in self.events {
            if case .closed(let end) = event { return end }
        }
        return nil
    }
}

@Suite("RFC 6455 §7 over a socket", .timeLimit(.minutes(2)))
struct ClosingTests {
    @Test func `the client closes: it gets its code back, then the end`() async throws {
        try await TestServer.run { server in
            let client = try await RawClient(server)
            _ = try await client.upgrade()
            try await client.send(RawClient.close(CloseCode(rawValue: 4321)))
            #expect(try await client.element() == .close(CloseFrame(CloseCode(rawValue: 4321))))
            #expect(try await client.end().readableBytes == 0)
            #expect(await server.ending() == ConnectionEnd(.peer, code: CloseCode(rawValue: 4321)))
        }
    }

    @Test func `the server closes: what it sends after is dropped, the client's answer ends it`() async throws {
        try await TestServer.run(reaction: { connection, _ in
            connection.close(.policyViolation, reason: "no")
            #expect(!connection.isOpen)
            connection.sendText(ByteBuffer(string: "late"))
            connection.writeFrames(RawClient.frame(.text, "later"))
            connection.close(.normal)
        }) { server in
            let client = try await RawClient(server)
            _ = try await client.upgrade()
            try await client.send(.text, "hello")
            #expect(try await client.element() == .close(CloseFrame(.policyViolation, reason: "no")))
            try await client.send(.text, "crossed")
            try await client.send(RawClient.close(.policyViolation))
            #expect(try await client.end().readableBytes == 0)
            var events: [Event] = []
            for await event in server.events {
                events.append(event)
                if case .closed = event { break }
            }
            #expect(
                events == [
                    .opened, .became("webSocket"), .text("hello"),
                    .closed(ConnectionEnd(.local, code: .policyViolation, reason: "no")),
                ])
        }
    }

    @Test func `a client that does not answer a close frame is left`() async throws {
        let configuration = WebSocketConfiguration(closeWait: .milliseconds(50))
        try await TestServer.run(configuration: configuration, reaction: { connection, _ in connection.close() }) {
            server in
            let client = try await RawClient(server)
            _ = try await client.upgrade()
            try await client.send(.text, "hello")
            #expect(try await client.element() == .close(CloseFrame(.normal)))
            #expect(try await client.end().readableBytes == 0)
            #expect(await server.ending() == ConnectionEnd(.local, code: .normal))
        }
    }

    @Test func `a client that goes without a word is 1006`() async throws {
        try await TestServer.run { server in
            let client = try await RawClient(server)
            _ = try await client.upgrade()
            try await client.channel.close()
            #expect(await server.ending() == ConnectionEnd(.transport, code: .abnormalClosure))
        }
    }

    @Test func `a client that half-closes is 1006 too, where the channel allows that`() async throws {
        try await TestServer.run(allowsHalfClosure: true) { server in
            let client = try await RawClient(server)
            _ = try await client.upgrade()
            try await client.channel.close(mode: .output)
            #expect(try await client.end().readableBytes == 0)
            #expect(await server.ending() == ConnectionEnd(.transport, code: .abnormalClosure))
        }
    }

    @Test func `a violation closes with its code`() async throws {
        try await TestServer.run { server in
            let client = try await RawClient(server)
            _ = try await client.upgrade()
            try await client.send(ByteBuffer(bytes: [0x81, 0x01, 0x61]))
            let frame = CloseFrame(.protocolError, reason: "a client must mask its frames")
            #expect(try await client.element() == .close(frame))
            _ = try await client.end()
            #expect(await server.ending() == ConnectionEnd(.local, code: .protocolError, reason: frame.reason))
        }
    }

    @Test func `a client in the middle of far too much still reads why`() async throws {
        try await TestServer.run { server in
            let client = try await RawClient(server)
            _ = try await client.upgrade()
            // The close frame is on its way while most of this has not even been sent.
            let frames = RawClient.frame(.text, String(repeating: "z", count: 8 << 20))
            client.channel.writeAndFlush(frames, promise: nil)
            let frame = CloseFrame(.messageTooBig, reason: "frame of 8388608 bytes, limit 1048576")
            #expect(try await client.element() == .close(frame))
            _ = try await client.end()
        }
    }

    @Test func `where only text is spoken, a binary message is 1003`() async throws {
        let configuration = WebSocketConfiguration(acceptsBinary: false)
        try await TestServer.run(configuration: configuration) { server in
            let client = try await RawClient(server)
            _ = try await client.upgrade()
            try await client.send(.binary, "x")
            let frame = CloseFrame(.unsupportedData, reason: "only text messages are taken")
            #expect(try await client.element() == .close(frame))
        }
    }

    @Test func `a server that wants to stop says so with 1001`() async throws {
        try await TestServer.run { server in
            let client = try await RawClient(server)
            _ = try await client.upgrade()
            var channels = server.channels.makeAsyncIterator()
            let channel = try #require(await channels.next())
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            #expect(try await client.element() == .close(CloseFrame(.goingAway)))
            try await client.send(RawClient.close(.goingAway))
            #expect(await server.ending() == ConnectionEnd(.local, code: .goingAway))
        }
    }

    @Test func `a client that answers pings stays`() async throws {
        let configuration = WebSocketConfiguration(keepAliveInterval: .milliseconds(10), keepAliveWait: .seconds(20))
        try await TestServer.run(configuration: configuration) { server in
            let client = try await RawClient(server)
            _ = try await client.upgrade()
            for number in 1...2 {
                let payload = ByteBuffer(integer: UInt32(number))
                #expect(try await client.element() == .ping(payload))
                var pong = ByteBuffer()
                FrameEncoder.write(.pong, payload: payload, maskingKey: .random(), into: &pong)
                try await client.send(pong)
            }
            try await client.send(.text, "still here")
            #expect(try await client.element() == text("still here"))
        }
    }

    @Test func `a client that is silent after a ping is left`() async throws {
        let configuration = WebSocketConfiguration(
            keepAliveInterval: .milliseconds(10), keepAliveWait: .milliseconds(50), closeWait: .milliseconds(50))
        try await TestServer.run(configuration: configuration) { server in
            let client = try await RawClient(server)
            _ = try await client.upgrade()
            #expect(try await client.element() == .ping(ByteBuffer(integer: UInt32(1))))
            let frame = CloseFrame(.internalError, reason: "no answer to a ping")
            #expect(try await client.element() == .close(frame))
            _ = try await client.end()
            #expect(await server.ending() == ConnectionEnd(.local, code: .internalError, reason: frame.reason))
        }
    }
}
