import Conversation
import NIOCore

/// A demo reply being said, a piece at a time, on its event loop.
final class DemoCall: ModelCall {
    private let eventLoop: any EventLoop
    private let reply: DemoReply
    private let model: String
    private let interval: TimeAmount
    private var receiver: (any ModelEventReceiver)?
    private var next: Scheduled<Void>?
    private var batch = ModelEventBatch()
    private var hasStarted = false
    private var block = 0
    private var piece = 0

    init(
        _ reply: DemoReply, model: String, interval: TimeAmount, on eventLoop: any EventLoop,
        receiver: any ModelEventReceiver
    ) {
        self.reply = reply
        self.model = model
        self.interval = interval
        self.eventLoop = eventLoop
        self.receiver = receiver
    }

    func start() {
        // The task holds the call: it goes on where the caller drops it.
        next = eventLoop.assumeIsolated().scheduleTask(in: interval) { self.sayNext() }
    }

    func cancel() {
        receiver = nil
        next?.cancel()
        next = nil
    }

    private func sayNext() {
        guard let receiver else { return }
        if !hasStarted {
            hasStarted = true
            batch.events.append(.started(model: model, requestID: nil))
        }
        let isAtEnd = !appendPiece()
        if isAtEnd {
            appendEnd()
            self.receiver = nil
            next = nil
        } else {
            start()
        }
        receiver.receive(batch)
        batch.removeAll()
    }

    /// Appends the next piece with what opens or closes its block; false where nothing is left.
    private func appendPiece() -> Bool {
        guard block < reply.blocks.count else { return false }
        let current = reply.blocks[block]
        if piece == 0 { batch.events.append(.blockStarted(index: block, current.kind)) }
        batch.appendDelta(index: block, current.pieces[piece])
        piece += 1
        if piece == current.pieces.count {
            // A reply that breaks off does not close what it was saying.
            let isCut = reply.end == .broken && block == reply.blocks.count - 1
            if !isCut { batch.events.append(.blockDone(index: block)) }
            block += 1
            piece = 0
        }
        return true
    }

    private func appendEnd() {
        switch reply.end {
        case .stopped(let reason):
            batch.events.append(
                .usage(Usage(inputTokens: reply.inputTokens, outputTokens: reply.outputTokens, estimated: true)))
            batch.events.append(.stopped(reason))
        case .broken:
            batch.events.append(
                .failed(
                    ModelError(
                        .truncated, message: "The demo broke off in the middle, as it was asked to.", retryable: true)))
        }
    }
}
