import NIOCore
import Testing
import WhinchatTesting

@testable import Models

@Suite struct StallTests {
    @Test func `a stall is noticed after the whole time, and at most an eighth of it late`() {
        var clock = StallClock(limit: .seconds(60))
        #expect(clock.interval == .milliseconds(7_500))
        for _ in 0..<8 {
            let isStalled = clock.tick()
            #expect(!isStalled)
        }
        let isStalled = clock.tick()
        #expect(isStalled)
    }

    @Test func `whatever is heard begins the time anew`() {
        var clock = StallClock(limit: .seconds(60))
        for _ in 0..<100 {
            for _ in 0..<8 {
                let isStalled = clock.tick()
                #expect(!isStalled)
            }
            clock.heard()
        }
    }

    private func request(_ stallTimeout: Duration) -> ModelRequest {
        var request = ModelRequest.hello
        request.stallTimeout = stallTimeout
        return request
    }

    @Test(arguments: ProviderDialect.allCases)
    func `a provider that never answers has stalled, and its connection is closed`(
        dialect: ProviderDialect
    ) async throws {
        try await withServer { server in
            let call = try await Rig.get().start(provider(dialect, at: server), request(.milliseconds(200)))
            let exchange = try await server.nextExchange()
            let errors = try await call.ended().errors
            #expect(errors.map(\.code) == [.stalled])
            #expect(errors.first?.retryable == true)
            #expect(errors.first?.message == "The provider has sent nothing for 0.2 s.")
            #expect(try await exchange.connection.closed().isByPeer)
        }
    }

    /// Runs a call against a provider that answers on its event loop: a test's own task may have to wait for a thread longer
    /// than the times here.
    private func answer(
        _ dialect: ProviderDialect, within limit: Duration, _ answer: @escaping @Sendable (Exchange) -> Void
    ) async throws -> Transcript {
        let server = try await FakeProvider.start(onExchange: answer)
        let call = try await Rig.get().start(provider(dialect, at: server), request(limit))
        let transcript = try await call.ended()
        #expect(try await server.connections.first?.closed().isByPeer == true)
        await server.stop()
        return transcript
    }

    @Test(arguments: ProviderDialect.allCases)
    func `a provider that falls silent in the middle has stalled, and what it said stays`(
        dialect: ProviderDialect
    ) async throws {
        let text = dialect == .anthropic ? anthropicHello : openAIHello
        let end = try #require(text.ranges(of: "Hi there").first?.upperBound)
        let line = try #require(text[end...].ranges(of: "\n\n").first?.upperBound)
        let beginning = ByteBuffer(string: String(text[..<line]))
        let transcript = try await answer(dialect, within: .seconds(2)) { exchange in
            let headers = [
                ("content-type", "text/event-stream"), ("request-id", "req_1"), ("x-request-id", "req_1"),
            ]
            exchange.write(Exchange.head(headers: headers))
            exchange.write(Exchange.chunk(beginning))
        }
        #expect(transcript.errors.map(\.code) == [.stalled])
        #expect(transcript.errors.first?.requestID == "req_1")
        #expect(transcript.heard.contains(.text(0, "Hi there")))
    }

    @Test func `an error's body that never ends is the error all the same`() async throws {
        let transcript = try await answer(.anthropic, within: .seconds(2)) { exchange in
            let headers = [("content-type", "application/json")]
            exchange.write(Exchange.head(status: 529, headers: headers, framing: .contentLength(1000)))
        }
        #expect(transcript.errors.map(\.code) == [.overloaded])
    }

    @Test func `pings keep a call alive for much longer than the time`() async throws {
        let transcript = try await answer(.anthropic, within: .seconds(2)) { exchange in
            exchange.write(Exchange.head())
            // The provider's pace, 5 s in all: a silent one would have been given up.
            for number in 0..<50 {
                exchange.connection.channel.eventLoop.scheduleTask(in: .milliseconds(100 * Int64(number))) {
                    exchange.write(Exchange.chunk(ByteBuffer(string: "event: ping\ndata: {\"type\": \"ping\"}\n\n")))
                }
            }
            exchange.connection.channel.eventLoop.scheduleTask(in: .seconds(5)) {
                exchange.write(Exchange.chunk(ByteBuffer(string: anthropicHello)))
                // Without an end of the body: whoever has the reply's end closes the connection.
            }
        }
        #expect(transcript.errors.isEmpty)
        #expect(transcript.heard.contains(.text(0, "Hi there")))
    }
}

extension Exchange {
    /// Sends without waiting.
    fileprivate func write(_ bytes: ByteBuffer) {
        connection.channel.writeAndFlush(bytes, promise: nil)
    }
}
