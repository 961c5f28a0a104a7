import CurlTransport
import Foundation
import JSON
import NIOCore

/// One call to a provider over HTTP: sends the request, decodes the stream, and makes of every way in which that can fail one
/// `failed`.
///
/// Lives on its event loop. The transfer holds it until it ends; it holds the transfer until then.
final class HTTPModelCall<Dialect: EventStreamDialect>: ModelCall, TransferReceiver {
    private enum State {
        case waitingForHead
        case streaming(EventStreamDecoder<Dialect>)
        /// What came is no event stream: its body will say why.
        case collecting(ResponseHead, body: [UInt8])
        case ended
    }

    /// The most bytes of a body that is no event stream: 64 KiB, as the transfer has it for errors.
    private let bodyLimitBytes = 64 * 1024
    /// How long a response may stay open after the reply is finished: 2 s, within which usage and the closing line come if
    /// they come. Then the connection is closed, so that nothing hangs on a server that forgets to.
    private let graceTime = TimeAmount.seconds(2)

    private let eventLoop: any EventLoop
    private let text: UpstreamText
    private let makeDialect: (ResponseHead) -> (Dialect, requestID: String?)
    private var receiver: (any ModelEventReceiver)?
    private var transfer: Transfer?
    private var state = State.waitingForHead
    private var requestID: String?
    private var batch = ModelEventBatch()
    private var grace: Scheduled<Void>?
    private let stallTimeout: Duration
    private var stallClock: StallClock
    private var stallTick: Scheduled<Void>?

    /// - Parameter stallTimeout: how long the provider may be silent, from the start on.
    init(
        eventLoop: any EventLoop, receiver: any ModelEventReceiver, text: UpstreamText, stallTimeout: Duration,
        makeDialect: @escaping (ResponseHead) -> (Dialect, requestID: String?)
    ) {
        self.eventLoop = eventLoop
        self.receiver = receiver
        self.text = text
        self.stallTimeout = stallTimeout
        self.stallClock = StallClock(limit: stallTimeout)
        self.makeDialect = makeDialect
    }

    func start(
        _ body: some Encodable, to url: String, headers: [(String, String)], over transfers: TransferQueue
    ) {
        let encoder = JSONEncoder()
        // The same history gives the same bytes: a provider's prompt cache depends on it.
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            let bytes = try encoder.encode(body)
            let common = [("content-type", "application/json"), ("accept", "text/event-stream")]
            transfer = transfers.start(
                TransferRequest(
                    url: url, headers: (common + headers).map { (name: $0.0, value: $0.1) },
                    body: ByteBuffer(bytes: bytes)),
                receiver: self)
            watchForStall()
        } catch {
            // Only a number that JSON cannot say can do this.
            eventLoop.assumeIsolated().execute {
                self.end(ModelError(.internal, message: "The request cannot be written as JSON.", retryable: false))
            }
        }
    }

    func cancel() {
        receiver = nil
        close()
    }

    // MARK: - TransferReceiver

    func received(_ head: ResponseHead) {
        guard case .waitingForHead = state else { return }
        stallClock.heard()
        let (dialect, requestID) = makeDialect(head)
        self.requestID = requestID
        let isStream = head["content-type"].map { $0.lowercased().hasPrefix("text/event-stream") } ?? true
        if (200..<300).contains(head.status), isStream {
            state = .streaming(EventStreamDecoder(dialect))
        } else {
            state = .collecting(head, body: [])
        }
    }

    func received(_ body: UnsafeRawBufferPointer) {
        // Any byte is a sign of life: providers send pings while a model thinks.
        stallClock.heard()
        switch state {
        case .streaming(var decoder):
            // Moved out and back, so that the decoder's buffers are never copied.
            state = .ended
            decoder.decode(body, into: &batch)
            let isFinished = decoder.hasEnded || decoder.dialect.isEnding
            let hasFailed = if case .failed = batch.events.last { true } else { false }
            state = .streaming(decoder)
            deliver()
            // A stream that has failed has nothing more to say, and the provider must not go on generating.
            if hasFailed { close() } else if isFinished { awaitEnd() }
        case .collecting(let head, var collected):
            state = .ended
            collected.append(contentsOf: body.prefix(bodyLimitBytes - collected.count))
            state = .collecting(head, body: collected)
            if collected.count >= bodyLimitBytes {
                end(error(from: head, body: collected, text: text, requestID: requestID))
            }
        case .waitingForHead, .ended: break
        }
    }

    func ended(_ error: TransferError?) {
        switch state {
        case .waitingForHead:
            end(error.map { modelError($0) } ?? .malformed("The provider sent no response.", requestID: nil))
        case .streaming(var decoder):
            state = .ended
            if let error {
                decoder.fail(modelError(error), into: &batch)
            } else {
                decoder.finish(into: &batch)
            }
            deliver()
            close()
        case .collecting(let head, let body):
            // Where the body broke off too, the status and what came of it still say more than that.
            end(self.error(from: head, body: body, text: text, requestID: requestID))
        case .ended: break
        }
    }

    // MARK: -

    /// A broken transfer in the protocol's words. libcurl quotes no header, but a base URL may hold a key.
    private func modelError(_ error: TransferError) -> ModelError {
        var failure = ModelError(error, requestID: requestID)
        failure.message = text.clean(failure.message)
        return failure
    }

    private func watchForStall() {
        stallTick = eventLoop.assumeIsolated().scheduleTask(in: stallClock.interval) { [weak self] in
            guard let self else { return }
            if stallClock.tick() { stalled() } else { watchForStall() }
        }
    }

    private func stalled() {
        let error = ModelError(
            .stalled, message: "The provider has sent nothing for \(stallTimeout.inWords).", retryable: true,
            requestID: requestID)
        guard case .streaming(var decoder) = state else {
            // Where a refusal has begun to arrive, its status says more than the silence after it.
            guard case .collecting(let head, let body) = state else { return end(error) }
            return end(self.error(from: head, body: body, text: text, requestID: requestID))
        }
        state = .ended
        // A reply that is finished has only its closing line outstanding, and that is the grace time's matter.
        decoder.fail(error, into: &batch)
        deliver()
        close()
    }

    private func deliver() {
        guard !batch.events.isEmpty else { return }
        receiver?.receive(batch)
        batch.removeAll()
    }

    private func end(_ error: ModelError) {
        batch.events.append(.failed(error))
        deliver()
        close()
    }

    /// Ends the transfer, if it has not ended; nothing is delivered from here on.
    private func close() {
        state = .ended
        receiver = nil
        grace?.cancel()
        grace = nil
        stallTick?.cancel()
        stallTick = nil
        transfer?.cancel()
        transfer = nil
    }

    private func awaitEnd() {
        guard case .streaming = state, grace == nil else { return }
        stallTick?.cancel()
        grace = eventLoop.assumeIsolated().scheduleTask(in: graceTime) { [weak self] in self?.ended(nil) }
    }
}

extension Duration {
    /// `60 s`, `1.5 s`.
    fileprivate var inWords: String {
        let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(Double(milliseconds) / 1000) s"
    }
}
