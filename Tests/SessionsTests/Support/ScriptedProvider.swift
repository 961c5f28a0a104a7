import Conversation
import CurlTransport
import Models
import NIOCore

/// A model whose words the test gives it, one call at a time.
final class ScriptedProvider: ModelProvider {
    let name = "scripted"
    let models: [String]
    private let calls: AsyncStream<ScriptedCall>
    private let continuation: AsyncStream<ScriptedCall>.Continuation
    private let count: (@Sendable (ModelRequest) throws -> Int)?

    /// - Parameter count: counts a prompt's tokens; nil: it cannot.
    init(
        models: [String] = ["scripted-1", "scripted-2"], count: (@Sendable (ModelRequest) throws -> Int)? = nil
    ) {
        self.models = models
        (calls, continuation) = AsyncStream.makeStream()
        self.count = count
    }

    var countsTokens: Bool { count != nil }

    func countTokens(
        of request: ModelRequest, over transfers: TransferQueue, within limit: Duration
    ) async throws -> Int? {
        try count?(request)
    }

    func start(_ request: ModelRequest, on loop: ModelLoop, receiver: any ModelEventReceiver) -> any ModelCall {
        let call = ScriptedCall(request: request, eventLoop: loop.eventLoop, receiver: receiver)
        continuation.yield(call)
        return call
    }

    /// The next call that a session makes.
    func nextCall() async throws -> ScriptedCall {
        var iterator = calls.makeAsyncIterator()
        guard let call = await iterator.next() else { throw CancellationError() }
        return call
    }
}

/// A call under way. `@unchecked Sendable`: the receiver and the flag are touched on the event loop only.
final class ScriptedCall: ModelCall, @unchecked Sendable {
    let request: ModelRequest
    private let eventLoop: any EventLoop
    private let receiver: any ModelEventReceiver
    private var isCancelled = false
    /// Whether it was cancelled, or has said that it is over. On its event loop.
    private(set) var isOver = false
    private let cancelled: EventLoopPromise<Void>

    init(request: ModelRequest, eventLoop: any EventLoop, receiver: any ModelEventReceiver) {
        self.request = request
        self.eventLoop = eventLoop
        self.receiver = receiver
        cancelled = eventLoop.makePromise()
    }

    deinit { cancelled.succeed() }

    func cancel() {
        isCancelled = true
        isOver = true
        cancelled.succeed()
    }

    /// Returns once the session has cancelled the call.
    func untilCancelled() async throws { try await cancelled.futureResult.get() }

    /// Says a text block's beginning, pieces, or an end: whatever `events` are, in one batch.
    func say(_ events: [Said]) async throws {
        try await eventLoop.submit {
            guard !self.isCancelled else { return }
            var batch = ModelEventBatch()
            for event in events {
                switch event {
                case .event(let event):
                    batch.events.append(event)
                    switch event {
                    case .stopped, .failed: self.isOver = true
                    default: break
                    }
                case .delta(let index, let text):
                    let start = batch.text.count
                    batch.text.append(contentsOf: text.utf8)
                    batch.events.append(.delta(index: index, text: start..<batch.text.count))
                }
            }
            self.receiver.receive(batch)
        }.get()
    }

    enum Said: Sendable {
        case event(ModelEvent)
        case delta(Int, String)
    }

    /// A whole reply of one text block.
    func reply(
        _ text: String, inputTokens: Int = 3, stop: StopReason = StopReason(.endTurn, word: "end_turn")
    ) async throws {
        try await say([
            .event(.blockStarted(index: 0, .text)), .delta(0, text), .event(.blockDone(index: 0)),
            .event(.usage(.init(inputTokens: inputTokens, outputTokens: 2))), .event(.stopped(stop)),
        ])
    }

    /// The texts that were sent, oldest first.
    var texts: [String] {
        request.messages.map { $0.content.compactMap { if case .text(let text) = $0 { text } else { nil } }.joined() }
    }
}
