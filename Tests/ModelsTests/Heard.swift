import Conversation
import Foundation
import JSON
import Models
import Testing

/// What a stream said, with the text in place: deltas of one block that follow each other are one.
enum Heard: Hashable {
    case started(model: String?, requestID: String? = nil)
    case block(Int, BlockKind)
    case text(Int, String)
    case signature(Int, String)
    case done(Int)
    case opaque(Int, JSONValue)
    case usage(Usage)
    case stopped(StopReason)
    case retrying(attempt: Int, model: String, ModelError.Code)
    case failed(ModelError.Code)
}

struct Transcript {
    private(set) var heard: [Heard] = []
    private(set) var errors: [ModelError] = []
    private(set) var retries: [ModelRetry] = []
    private(set) var deltaCount = 0

    mutating func append(_ batch: borrowing ModelEventBatch) {
        for event in batch.events {
            switch event {
            case .started(let model, let requestID): heard.append(.started(model: model, requestID: requestID))
            case .blockStarted(let index, let kind): heard.append(.block(index, kind))
            case .delta(let index, let range):
                deltaCount += 1
                // Each delta is valid UTF-8 by itself: decoding it alone must change nothing.
                let text = String(decoding: batch.text[range], as: UTF8.self)
                precondition(Array(text.utf8) == Array(batch.text[range]))
                if case .text(index, let before) = heard.last {
                    heard[heard.count - 1] = .text(index, before + text)
                } else {
                    heard.append(.text(index, text))
                }
            case .signature(let index, let signature): heard.append(.signature(index, signature))
            case .blockDone(let index): heard.append(.done(index))
            case .opaque(let index, let value): heard.append(.opaque(index, value))
            case .usage(let usage): heard.append(.usage(usage))
            case .stopped(let reason): heard.append(.stopped(reason))
            case .retrying(let retry):
                retries.append(retry)
                heard.append(.retrying(attempt: retry.attempt, model: retry.model, retry.error.code))
            case .failed(let error):
                errors.append(error)
                heard.append(.failed(error.code))
            }
        }
    }
}

/// Decodes a stream given in pieces, to its end.
func replay<Dialect: EventStreamDialect>(_ pieces: [ArraySlice<UInt8>], _ dialect: Dialect) -> Transcript {
    var decoder = EventStreamDecoder(dialect)
    var transcript = Transcript()
    var batch = ModelEventBatch()
    for piece in pieces {
        piece.withUnsafeBytes { decoder.decode($0, into: &batch) }
        transcript.append(batch)
        batch.removeAll()
    }
    decoder.finish(into: &batch)
    transcript.append(batch)
    return transcript
}

func anthropic() -> AnthropicDialect { AnthropicDialect() }
func openAI() -> OpenAIDialect { OpenAIDialect(callIDSeed: 255) }

func events<Dialect: EventStreamDialect>(_ text: String, _ dialect: Dialect) -> [Heard] {
    replay([Array(text.utf8)[...]], dialect).heard
}

/// A stream of one `data` line per chunk.
func chunks(_ chunks: String...) -> String {
    chunks.map { "data: \($0)\n\n" }.joined()
}

func fixture(_ name: String) throws -> [UInt8] {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "sse"))
    return Array(try Data(contentsOf: url))
}
