import Conversation
import Models
import NIOCore

/// The call to a model that writes a summary. Lives on the session's loop.
final class SummaryCall: ModelEventReceiver {
    /// Bytes. 256 KiB is far beyond what a job asks for.
    private static let textLimitBytes = 256 * 1024

    let job: SummaryJob
    let model: String
    /// The reply that ended last on the branch that it is about.
    var reply: String
    /// Jobs after the same turn, this one included.
    let number: Int
    let startedAt = NIODeadline.now()
    private(set) var usage = Usage()
    private var call: (any ModelCall)?
    private var texts: Set<Int> = []
    private var text: [UInt8] = []
    private var whenDone: ((Result<RunningSummary, SummaryFailure>) -> Void)?

    /// - Parameter whenDone: called once, unless it is cancelled.
    init(
        _ job: SummaryJob, model: String, reply: String, number: Int,
        whenDone: @escaping (Result<RunningSummary, SummaryFailure>) -> Void
    ) {
        self.job = job
        self.model = model
        self.reply = reply
        self.number = number
        self.whenDone = whenDone
    }

    func start(_ provider: any ModelProvider, on loop: ModelLoop, stallTimeout: Duration) {
        let question = Message(
            id: "summary", parent: nil, role: .user, content: [.text(job.prompt)], createdAt: 0, turn: "")
        let request = ModelRequest(
            model: model, system: job.system, messages: [question], maxTokens: job.maxTokens + Self.thinkingTokens,
            stableMessages: 0, stallTimeout: stallTimeout)
        call = provider.start(request, on: loop, receiver: self)
    }

    /// Tokens. Models that think first count that as part of the reply.
    private static let thinkingTokens = 4_000

    func cancel() {
        whenDone = nil
        call?.cancel()
        call = nil
    }

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
        case .endTurn, .stopSequence, .other:
            let reply = String(decoding: text, as: UTF8.self)
            guard !job.isTooLong(reply) else { return end(.failure(.tooLong)) }
            end(job.summary(from: reply).map { .success($0) } ?? .failure(.empty))
        case .toolUse, .maxTokens, .refusal, .contentFilter, .contextExceeded, .pauseTurn:
            end(.failure(.stopped(reason.word)))
        }
    }

    private func end(_ result: Result<RunningSummary, SummaryFailure>) {
        let whenDone = whenDone
        cancel()
        whenDone?(result)
    }
}

/// Why there is no summary.
enum SummaryFailure: Error, Hashable {
    case model(ModelError)
    /// The model ended it, and why.
    case stopped(String)
    case empty
    case tooLong
}
