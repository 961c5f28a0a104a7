import CurlTransport
import NIOConcurrencyHelpers
import NIOCore
import Testing
import WhinchatTesting

@Suite struct DeliveryTests {
    @Test func `a request reaches the provider as it was written`() async throws {
        let provider = try await FakeProvider.start()
        let rig = try Rig()
        let (_, recorder) = try await rig.start(
            TransferRequest(
                url: provider.baseURL + "/v1/messages?beta=true",
                headers: [("x-api-key", "secret"), ("content-type", "application/json"), ("x-empty", "")],
                body: ByteBuffer(string: #"{"stream":true}"#)))
        let exchange = try await provider.nextExchange()
        #expect(exchange.request.method == "POST")
        #expect(exchange.request.path == "/v1/messages?beta=true")
        #expect(String(buffer: exchange.request.body) == #"{"stream":true}"#)
        #expect(exchange.request["x-api-key"] == "secret")
        #expect(exchange.request["x-empty"] == "")
        #expect(exchange.request["content-type"] == "application/json")
        #expect(exchange.request["expect"] == nil)
        #expect(exchange.request["accept-encoding"] == nil)
        try await exchange.respond(headers: [("Request-Id", " r1 "), ("x-n", "1"), ("X-N", "2")], body: "hello")
        let head = try await recorder.head()
        #expect(head.status == 200)
        #expect(head["request-id"] == "r1")
        #expect(head.headers.filter { $0.name == "x-n" }.map(\.value) == ["1", "2"])
        #expect(try await recorder.end() == nil)
        #expect(try await recorder.text() == "hello")
        await rig.engine.shutdown()
        await provider.stop()
    }

    @Test func `a large body is sent without waiting for 100-continue`() async throws {
        let provider = try await FakeProvider.start()
        let rig = try Rig()
        let body = ByteBuffer(repeating: UInt8(ascii: "x"), count: 3_000_000)
        let (_, recorder) = try await rig.start(TransferRequest(url: provider.baseURL, body: body))
        let exchange = try await provider.nextExchange()
        #expect(exchange.request["expect"] == nil)
        #expect(exchange.request["content-type"] == nil)
        #expect(exchange.request.body == body)
        try await exchange.respond(body: "ok")
        #expect(try await recorder.end() == nil)
        await provider.stop()
    }

    @Test(arguments: [1, 2, 3, 7, 4096]) func `a response split into pieces arrives the same`(pieceBytes: Int)
        async throws
    {
        let provider = try await FakeProvider.start()
        let rig = try Rig()
        let recorder = try await rig.get(provider.baseURL)
        let exchange = try await provider.nextExchange()
        var response = Exchange.head(headers: [("content-type", "text/event-stream")])
        response.writeImmutableBuffer(Exchange.chunk(ByteBuffer(string: "data: one\n\n")))
        response.writeImmutableBuffer(Exchange.chunk(ByteBuffer(string: "data: zwei über drei\n\n")))
        response.writeImmutableBuffer(Exchange.lastChunk)
        while let piece = response.readSlice(length: min(pieceBytes, response.readableBytes)), piece.readableBytes > 0 {
            try await exchange.connection.send(piece)
        }
        #expect(try await recorder.end() == nil)
        #expect(try await recorder.text() == "data: one\n\ndata: zwei über drei\n\n")
        await provider.stop()
    }

    @Test(arguments: [false, true]) func `a connection is used again after a complete response`(isTLS: Bool)
        async throws
    {
        let provider = try await FakeProvider.start(certificate: isTLS ? try .shared() : nil)
        let rig = try Rig.trusting()
        var connections: Set<Int> = []
        for turn in 1...5 {
            let recorder = try await rig.get(provider.baseURL)
            let exchange = try await provider.nextExchange()
            connections.insert(exchange.request.connectionID)
            try await exchange.stream(Array("turn \(turn)".utf8), pieceBytes: 2)
            #expect(try await recorder.end() == nil)
            #expect(try await recorder.text() == "turn \(turn)")
        }
        #expect(connections == [1])
        await provider.stop()
    }

    @Test func `a kept connection that the provider has closed is replaced`() async throws {
        let provider = try await FakeProvider.start()
        let rig = try Rig()
        let first = try await rig.get(provider.baseURL)
        let exchange = try await provider.nextExchange()
        try await exchange.respond(body: "one")
        #expect(try await first.end() == nil)
        exchange.connection.finish()
        _ = try await exchange.connection.closed()
        let (_, second) = try await rig.start(TransferRequest(url: provider.baseURL, body: ByteBuffer(string: "again")))
        let next = try await provider.nextExchange()
        #expect(next.request.connectionID == 2)
        #expect(String(buffer: next.request.body) == "again")
        try await next.respond(body: "two")
        #expect(try await second.end() == nil)
        #expect(try await second.text() == "two")
        await provider.stop()
    }

    @Test func `idle connections beyond the bound are closed`() async throws {
        let provider = try await FakeProvider.start()
        let rig = try Rig(.init(proxy: .none, idleConnectionLimit: 3))
        var recorders: [Recorder] = []
        var exchanges: [Exchange] = []
        for _ in 0..<12 {
            recorders.append(try await rig.get(provider.baseURL))
            exchanges.append(try await provider.nextExchange())
        }
        for (recorder, exchange) in zip(recorders, exchanges) {
            try await exchange.respond(body: "done")
            #expect(try await recorder.end() == nil)
        }
        // Which ones go is libcurl's choice.
        let gone = rig.loop.makePromise(of: Void.self)
        let left = NIOLockedValueBox(9)
        for connection in provider.connections {
            connection.departure.whenSuccess { _ in
                if left.withLockedValue({ left in
                    left -= 1; return left == 0
                }) {
                    gone.succeed()
                }
            }
        }
        try await gone.futureResult.get(waitingFor: "nine of twelve connections to be closed")
        let recorder = try await rig.get(provider.baseURL)
        let exchange = try await provider.nextExchange()
        #expect(exchange.request.connectionID <= 12)
        try await exchange.respond()
        #expect(try await recorder.end() == nil)
        await provider.stop()
    }

    @Test func `a redirect is delivered, not followed`() async throws {
        let provider = try await FakeProvider.start()
        let rig = try Rig()
        let recorder = try await rig.get(provider.baseURL)
        let exchange = try await provider.nextExchange()
        try await exchange.respond(status: 307, headers: [("location", provider.baseURL + "/elsewhere")], body: "moved")
        #expect(try await recorder.end() == nil)
        let head = try await recorder.head()
        #expect(head.status == 307)
        #expect(head["location"] == provider.baseURL + "/elsewhere")
        #expect(try await recorder.text() == "moved")
        await provider.stop()
    }

    @Test func `interim responses and trailers are not the head`() async throws {
        let provider = try await FakeProvider.start()
        let rig = try Rig()
        let recorder = try await rig.get(provider.baseURL)
        let exchange = try await provider.nextExchange()
        try await exchange.connection.send("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
        try await exchange.connection.send(
            "HTTP/1.1 200 OK\r\nx-a: 1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-trailer: 2\r\n\r\n")
        #expect(try await recorder.end() == nil)
        let head = try await recorder.head()
        #expect(head.status == 200)
        #expect(head.headers.map(\.name) == ["x-a", "transfer-encoding"])
        #expect(try await recorder.text() == "ok")
        await provider.stop()
    }

    @Test(arguments: [false, true]) func `a body without a length ends with its connection`(isTLS: Bool) async throws {
        let provider = try await FakeProvider.start(certificate: isTLS ? try .shared() : nil)
        let rig = try Rig.trusting()
        let recorder = try await rig.get(provider.baseURL)
        let exchange = try await provider.nextExchange()
        try await exchange.sendHead(framing: .untilClose)
        try await exchange.connection.send("all of it")
        exchange.connection.finish()
        #expect(try await recorder.end() == nil)
        #expect(try await recorder.text() == "all of it")
        await provider.stop()
    }

    @Test(arguments: [Exchange.Framing.chunked, .contentLength(1_000_000)])
    func `of an error's body no more than the bound is delivered`(framing: Exchange.Framing) async throws {
        let provider = try await FakeProvider.start()
        let rig = try Rig()
        var request = TransferRequest(method: .get, url: provider.baseURL)
        request.errorBodyLimitBytes = 10_000
        let (_, recorder) = try await rig.start(request)
        let exchange = try await provider.nextExchange()
        try await exchange.sendHead(status: 529, headers: [("retry-after", "3")], framing: framing)
        let body = ByteBuffer(repeating: UInt8(ascii: "e"), count: 50_000)
        try await exchange.connection.send(framing == .chunked ? Exchange.chunk(body) : body)
        // The provider never ends the body: the bound does.
        #expect(try await recorder.end() == nil)
        #expect(try await recorder.head().status == 529)
        #expect(try await recorder.head()["retry-after"] == "3")
        #expect(try await recorder.bytes().count == 10_000)
        #expect(try await exchange.connection.closed().isByPeer)
        await provider.stop()
    }

    @Test func `an error's body within the bound is whole`() async throws {
        let provider = try await FakeProvider.start()
        let rig = try Rig()
        var request = TransferRequest(method: .get, url: provider.baseURL)
        request.errorBodyLimitBytes = 5
        let (_, recorder) = try await rig.start(request)
        try await provider.nextExchange().respond(status: 400, body: "12345")
        #expect(try await recorder.end() == nil)
        #expect(try await recorder.text() == "12345")
        await provider.stop()
    }
}
