import JSON
import Models
import NIOCore

/// Asks a server for a reply, in each of the ways, and times it. Each reply is of a new session.
struct ReplyMeasurement {
    let address: ChatAddress
    let message: String

    func timing(of transport: TransportMeasure) async throws -> ReplyTiming {
        switch transport {
        case .webSocket: try await overWebSocket()
        case .events: try await overEvents()
        case .whole: try await whole()
        }
    }

    private func overWebSocket() async throws -> ReplyTiming {
        let (inputs, continuation) = AsyncStream<(TerminalChat.Input, ContinuousClock.Instant)>.makeStream()
        let socket = try await ChatSocket.connect(to: address) { continuation.yield(($0, .now)) }
        var stopwatch = ReplyStopwatch()
        var start = ContinuousClock.now
        var timing: ReplyTiming?
        for await (input, time) in inputs {
            switch input {
            case .opened: socket.send(["type": "open"])
            case .frame(let frame) where frame["type"]?.stringValue == "welcome":
                start = .now
                socket.send(["type": "send", "id": "ttft", "text": .string(message)])
            case .frame(let frame): timing = try stopwatch.take(frame, at: time - start)
            case .closed(let reason): throw TTFTError.ended(reason)
            default: break
            }
            if let timing {
                await socket.close()
                return timing
            }
        }
        throw TTFTError.ended("nothing came")
    }

    private func overEvents() async throws -> ReplyTiming {
        var stopwatch = ReplyStopwatch()
        var parser = ServerSentEventParser()
        var timing: ReplyTiming?
        var rest = ByteBuffer()
        let status = try await HTTPExchange.post(
            ["message": .string(message)], to: "/chat/stream/new", of: address, accept: "text/event-stream"
        ) { piece, time in
            if rest.readableBytes < Self.maxProblemBytes { rest.writeImmutableBuffer(piece) }
            var frames: [JSONValue] = []
            try piece.withUnsafeReadableBytes { bytes in
                try parser.consume(bytes) { event in
                    if let frame = try? JSONValue(parsing: event.data) { frames.append(frame) }
                }
            }
            for frame in frames where timing == nil { timing = try stopwatch.take(frame, at: time) }
        }
        guard status == 200 else { throw Self.refusal(rest) }
        guard let timing else { throw TTFTError.ended("the stream was cut off") }
        return timing
    }

    private func whole() async throws -> ReplyTiming {
        var first: Duration?
        var last = Duration.zero
        var body = ByteBuffer()
        let status = try await HTTPExchange.post(
            ["message": .string(message)], to: "/chat", of: address, accept: "application/json"
        ) { piece, time in
            first = first ?? time
            last = time
            body.writeImmutableBuffer(piece)
        }
        guard status == 200 else { throw Self.refusal(body) }
        let ending = (try? JSONValue(parsing: body.readableBytesView))?["status"]?.stringValue ?? ""
        guard ending == "completed" else { throw TTFTError.failed(status: ending) }
        return ReplyTiming(firstToken: first ?? last, whole: last)
    }

    /// In bytes: a problem's text has a few hundred.
    private static let maxProblemBytes = 16 << 10

    private static func refusal(_ body: ByteBuffer) -> TTFTError {
        let problem = try? JSONValue(parsing: body.readableBytesView)
        return .refused(problem?["detail"]?.stringValue ?? "it said nothing that is understood here")
    }
}
