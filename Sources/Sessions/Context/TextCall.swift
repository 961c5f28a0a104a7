import Conversation
import Models
import NIOCore

/// A call to a model for a text of its own, made between turns. Lives on the session's loop.
final class TextCall: ModelEventReceiver {
    /// Bytes. 256 KiB is far beyond what is asked for.
    private static let textLimitBytes = 256 * 1024
    /// Tokens. Models that think first count that as part of the reply.
    private static let thinkingTokens = 4_000

    let model: String
    let startedAt = NIODeadline.now()
    private(set) var usage = Usage()
    private var call: (any ModelCall)?
    private var texts: Set<Int> = []
    private var text: [UInt8] = []
    private var whenDone: ((Result<String, TextFailure>) -> Void)?

    /// - Parameter whenDone: called once, unless it is cancelled.
    init(model: String, whenDone: @escaping (Result<String, TextFailure>) -> Void) {
        self.model = model
        self.whenDone = whenDone
    }

    /// - Parameter maxTokens: of the text.
    func start(
        system: String, prompt: String, maxTokens: Int, _ provider: any ModelProvider, on loop: ModelLoop,
        stallTimeout: Duration
    ) {
        let question = Message(
            id: "question", parent: nil, role: .user, content: [.text(prompt)], createdAt: 0, turn: "")
        let request = ModelRequest(
            model: model, system: system, messages: [question], maxTokens: maxTokens + Self.thinkingTokens,
            stableMessages: 0, stallTimeout: stallTimeout)
        call = provider.start(request, on: loop, receiver: self)
    }

    func cancel() {
        whenDone = nil
        call?.cancel()
        call = nil
    }

    /// Ends it, if it has not ended.
    func fail(_ failure: TextFailure) { end(.failure(failure)) }

    func receive(_ batch: borrowing ModelEventBatch) {
        for event in batch.events {
            switch event {
            case .blockStarted(let index, .text): texts.insert(index)
            case .delta(let index, let range) where texts.contains(index): text += batch.text[range]
            case .usage(let usage): self.usage = usage
            case .stopped(let reason): stopped(reason)
            case .failed(let error): end(.failure(.model(error)))
            default: break
            }
        }
        if text.count > Self.textLimitBytes { end(.failure(.tooLong)) }
    }

    private func stopped(_ reason: StopReason) {
        switch reason.meaning {
        case .endTurn, .stopSequence, .other: end(.success(String(decoding: text, as: UTF8.self)))
        case .toolUse, .maxTokens, .refusal, .contentFilter, .contextExceeded, .pauseTurn:
            end(.failure(.stopped(reason.word)))
        }
    }

    private func end(_ result: Result<String, TextFailure>) {
        let whenDone = whenDone
        cancel()
        whenDone?(result)
    }
}

/// Why there is no text.
enum TextFailure: Error, Hashable {
    case model(ModelError)
    /// The model ended it, and why.
    case stopped(String)
    case empty
    case tooLong
    case tooSlow
}
