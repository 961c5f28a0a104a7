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

    @Test(arguments: ProviderDialect.allCases)
    func `a provider that falls silent in the middle has stalled, and what it said stays`(
        dialect: ProviderDialect
    ) async throws {
        try await withServer { server in
            let call = try await Rig.get().start(provider(dialect, at: server), request(.seconds(5)))
            let exchange = try await server.nextExchange()
            try await exchange.sendHead(headers: [
                ("content-type", "text/event-stream"), ("request-id", "req_1"), ("x-request-id", "req_1"),
            ])
            let text = dialect == .anthropic ? anthropicHello : openAIHello
            let end = try #require(text.ranges(of: "Hi there").first?.upperBound)
            let line = try #require(text[end...].ranges(of: "\n\n").first?.upperBound)
            try await exchange.sendChunk(String(text[..<line]))
            let transcript = try await call.ended()
            #expect(transcript.errors.map(\.code) == [.stalled])
            #expect(transcript.errors.first?.requestID == "req_1")
            #expect(transcript.heard.contains(.text(0, "Hi there")))
            #expect(try await exchange.connection.closed().isByPeer)
        }
    }

    @Test func `an error's body that never ends is the error all the same`() async throws {
        try await withServer { server in
            let call = try await Rig.get().start(provider(.anthropic, at: server), request(.seconds(5)))
            let exchange = try await server.nextExchange()
            try await exchange.sendHead(
                status: 529, headers: [("content-type", "application/json")], framing: .contentLength(1000))
            let errors = try await call.ended().errors
            #expect(errors.map(\.code) == [.overloaded])
        }
    }

    @Test func `pings keep a call alive for much longer than the time`() async throws {
        try await withServer { server in
            let call = try await Rig.get().start(provider(.anthropic, at: server), request(.seconds(5)))
            let exchange = try await server.nextExchange()
            try await exchange.sendHead()
            // The provider's pace, 8 s in all: longer than the time in which a silent one would be given up.
            for _ in 0..<80 {
                try await exchange.sendChunk("event: ping\ndata: {\"type\": \"ping\"}\n\n")
                try await Task.sleep(for: .milliseconds(100))
            }
            try await exchange.sendChunk(anthropicHello)
            try await exchange.endChunks()
            let transcript = try await call.ended()
            #expect(transcript.errors.isEmpty)
            #expect(transcript.heard.contains(.text(0, "Hi there")))
        }
    }
}
