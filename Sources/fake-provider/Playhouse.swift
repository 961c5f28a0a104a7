import Foundation
import JSON
import NIOCore
import WhinchatTesting

/// Answers each request as its scenario says. Called on the connections' event loops.
final class Playhouse: Sendable {
    /// Anthropic's header and OpenAI's.
    private static let requestID = [("request-id", "req_fake"), ("x-request-id", "req_fake")]

    private let fixtures: URL?
    private let journal = Journal()
    private let cache = PromptCache()

    init(fixtures: URL?) {
        self.fixtures = fixtures
    }

    func answer(_ exchange: Exchange) {
        switch exchange.request.path {
        case "/_log": respond(to: exchange, status: 200, body: journal.log.jsonText)
        case "/_stats": respond(to: exchange, status: 200, body: journal.stats.jsonText)
        case "/_reset":
            journal.reset()
            respond(to: exchange, status: 200, body: "{}")
        default:
            let bytes = exchange.request.body.readableBytesView
            let body = (try? JSONValue(parsing: bytes)) ?? .string(String(decoding: bytes, as: UTF8.self))
            journal.note(exchange, body: body)
            if answerAtOnce(exchange, body: body) { return }
            guard let call = CallRequest(exchange.request, body: body) else {
                return respond(
                    to: exchange, status: 404, body: Dialect.anthropic.errorBody(status: 404, message: "no such path"))
            }
            guard call.streams else { return fail(exchange, call, status: 400, message: "only streams are played") }
            guard let scenario = Scenario(model: call.model) else {
                return fail(exchange, call, status: 404, message: "no scenario \(call.model)")
            }
            guard let counts = cache.counts(of: call.prompt) else {
                return fail(exchange, call, status: 400, message: "a request has at most 4 cache_control marks")
            }
            play(scenario, to: call, counts, on: exchange)
        }
    }

    /// What is no stream. The model's name may name a failure here too.
    private func answerAtOnce(_ exchange: Exchange, body: JSONValue) -> Bool {
        let answer: JSONValue?
        switch exchange.request.path {
        case "/v1/messages/count_tokens": answer = ["input_tokens": .int(Prompt(body).tokens)]
        case "/v1/embeddings":
            answer = Embeddings.answer(to: body)
            switch Scenario(model: body["model"]?.stringValue ?? "") {
            case .silent: return true
            case .status(let status):
                respond(
                    to: exchange, status: status,
                    body: Dialect.openAI.errorBody(status: status, message: "as you asked: \(status)"))
                return true
            default: break
            }
        default: return false
        }
        let refusal = Dialect.openAI.errorBody(status: 400, message: "there is no text")
        respond(to: exchange, status: answer == nil ? 400 : 200, body: answer?.jsonText ?? refusal)
        return true
    }

    private func play(
        _ scenario: Scenario, to call: CallRequest, _ counts: PromptCache.Counts, on exchange: Exchange
    ) {
        switch scenario {
        case .silent: break
        case .tokens(let count, let rate, let areStamps):
            stream(count, rate: rate, areStamps: areStamps, ending: .complete, to: call, counts, on: exchange)
        case .after(let count, let ending):
            stream(count, rate: 0, areStamps: false, ending: ending, to: call, counts, on: exchange)
        case .pausesOnce:
            let ending = call.continuesReply ? Scenario.Ending.complete : .stop(reason: "pause_turn")
            stream(3, rate: 0, areStamps: false, ending: ending, to: call, counts, on: exchange)
        case .status(let status): fail(exchange, call, status: status, message: "as you asked: \(status)")
        case .toolCalculate:
            let name = call.calculateInput
            callTool(
                "calculate", [#"{"\#(name.prefix(3))"#, #"\#(name.dropFirst(3))": "6"#, #" * 7"}"#], call, counts,
                on: exchange)
        case .callTool(let name): callTool(name, [call.defaultInput(of: name).jsonText], call, counts, on: exchange)
        case .fixture(let name, let pieceBytes): replay(name, pieceBytes: pieceBytes, to: call, on: exchange)
        }
    }

    private func stream(
        _ count: Int, rate: Int, areStamps: Bool, ending: Scenario.Ending, to call: CallRequest,
        _ counts: PromptCache.Counts, on exchange: Exchange
    ) {
        let dialect = call.dialect
        begin(exchange)
        send(
            dialect.opening(model: call.model, counts: counts) + dialect.textStart(index: 0),
            on: exchange)
        _ = TokenStream(
            exchange, dialect: dialect, count: count, ratePerSecond: rate, areStamps: areStamps, journal: journal
        ) {
            func close(_ stopReason: String?) {
                self.send(
                    dialect.blockStop(index: 0)
                        + dialect.closing(
                            stopReason: stopReason, counts: counts, outputTokens: count,
                            includesUsage: call.includesUsage), on: exchange)
                self.end(exchange)
            }
            switch ending {
            case .complete: close(nil)
            case .stop(let reason): close(reason)
            case .truncate: self.end(exchange)
            case .error:
                self.send(dialect.errorEvent, on: exchange)
                self.end(exchange)
            case .stall: break
            case .reset: exchange.connection.reset()
            }
        }
    }

    private func callTool(
        _ name: String, _ input: [String], _ call: CallRequest, _ counts: PromptCache.Counts, on exchange: Exchange
    ) {
        let dialect = call.dialect
        begin(exchange)
        send(
            dialect.opening(model: call.model, counts: counts) + dialect.textStart(index: 0),
            on: exchange)
        let text = call.toolResult.map { "The result is \($0)." } ?? "Let me compute that."
        for (index, word) in text.split(separator: " ").enumerated() {
            send(dialect.text((index == 0 ? "" : " ") + word), on: exchange)
        }
        send(dialect.blockStop(index: 0), on: exchange)
        if call.toolResult == nil {
            send(dialect.toolStart(index: 1, id: "call_fake_1", name: name), on: exchange)
            for piece in input {
                send(dialect.toolInput(piece, index: 1), on: exchange)
            }
            send(dialect.blockStop(index: 1), on: exchange)
        }
        send(
            dialect.closing(
                stopReason: call.toolResult == nil ? dialect.toolStop : nil, counts: counts,
                outputTokens: 12, includesUsage: call.includesUsage), on: exchange)
        end(exchange)
    }

    private func replay(_ name: String, pieceBytes: Int?, to call: CallRequest, on exchange: Exchange) {
        guard let file = fixtures?.appendingPathComponent(name), let bytes = try? Data(contentsOf: file) else {
            return fail(exchange, call, status: 404, message: "no fixture \(name)")
        }
        begin(exchange)
        let channel = exchange.connection.channel
        var left = ByteBuffer(bytes: bytes)
        while let piece = left.readSlice(length: min(pieceBytes ?? .max, left.readableBytes)), piece.readableBytes > 0 {
            channel.writeAndFlush(Exchange.chunk(piece), promise: nil)
        }
        end(exchange)
    }

    private func fail(_ exchange: Exchange, _ call: CallRequest, status: Int, message: String) {
        respond(to: exchange, status: status, body: call.dialect.errorBody(status: status, message: message))
    }

    private func respond(to exchange: Exchange, status: Int, body: String) {
        var headers = [("content-type", "application/json")] + Self.requestID
        // The statuses that providers send it with.
        if [429, 503, 529].contains(status) { headers.append(("retry-after", "1")) }
        var response = Exchange.head(status: status, headers: headers, framing: .contentLength(body.utf8.count))
        response.writeString(body)
        exchange.connection.channel.writeAndFlush(response, promise: nil)
    }

    private func begin(_ exchange: Exchange) {
        let headers = [("content-type", "text/event-stream")] + Self.requestID
        exchange.connection.channel.writeAndFlush(Exchange.head(headers: headers), promise: nil)
    }

    /// Sends events as one chunk in one write.
    private func send(_ events: String, on exchange: Exchange) {
        // An empty chunk would end the body.
        guard !events.isEmpty else { return }
        exchange.connection.channel.writeAndFlush(Exchange.chunk(ByteBuffer(string: events)), promise: nil)
    }

    private func end(_ exchange: Exchange) {
        exchange.connection.channel.writeAndFlush(Exchange.lastChunk, promise: nil)
    }
}
