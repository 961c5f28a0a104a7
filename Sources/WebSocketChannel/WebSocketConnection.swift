package import NIOCore
package import WebSocket

/// A WebSocket on a channel, behind its opening handshake: does what `WebSocketStateMachine` says.
///
/// Everything is called on the channel's event loop.
package final class WebSocketConnection {
    package let configuration: WebSocketConfiguration
    let role: Role
    var machine: WebSocketStateMachine
    var delegate: (any WebSocketDelegate)?
    var context: ChannelHandlerContext?

    /// Between the first bytes of a read and its end, when everything written meanwhile is flushed at once.
    var isInRead = false
    var needsFlush = false
    private var isReadingPaused = false
    /// The channel wanted to read while reading was paused.
    private var heldRead = false
    private var isTransportEnding = false
    /// The one timer that runs: keep-alive, or the wait for the peer's close frame or end.
    private var timer: Scheduled<Void>?

    /// How many calls of the delegate's on this connection are under way. A channel reports a failed write or a change
    /// of writability from inside the write; the delegate, in the middle of its own work, must not hear of it there.
    private var callDepth = 0
    private var owesWritability = false
    private var owedEnd: ConnectionEnd?

    /// - Parameter delegate: held until it has been told `webSocketClosed`.
    package init(
        delegate: any WebSocketDelegate, configuration: WebSocketConfiguration = WebSocketConfiguration(),
        role: Role = .server
    ) {
        self.delegate = delegate
        self.configuration = configuration
        self.role = role
        self.machine = WebSocketStateMachine(
            role: role, limits: configuration.limits, acceptsBinary: configuration.acceptsBinary)
    }

    /// Whether messages may be sent. Once false, what is sent is dropped.
    package var isOpen: Bool { self.context != nil && self.machine.isOpen }

    /// Whether the channel takes more now. Sending while it does not is possible, and costs memory.
    package var isWritable: Bool { self.channel?.isWritable ?? false }

    /// The channel; `nil` once the connection has left it. Kept: to ask the context for it costs more than a small frame.
    package private(set) var channel: (any Channel)?

    // MARK: Sending

    /// One text message, flushed.
    /// - Parameter payload: UTF-8; it is not checked.
    package func sendText(_ payload: ByteBuffer) {
        self.send(.text, payload)
    }

    /// One binary message, flushed.
    package func sendBinary(_ payload: ByteBuffer) {
        self.send(.binary, payload)
    }

    /// Whole frames that `FrameEncoder` wrote, any number of them, flushed once.
    package func writeFrames(_ frames: ByteBuffer) {
        self.call {
            guard self.machine.isOpen else { return }
            self.write(frames)
            self.flushUnlessInRead()
        }
    }

    /// Payloads up to this size are copied behind their header; one copy is cheaper than a second buffer in a
    /// vectored write. In bytes.
    private static let maxCopiedPayloadBytes = 16 << 10

    private func send(_ opcode: Opcode, _ payload: ByteBuffer) {
        self.call {
            guard self.machine.isOpen, let context = self.context else { return }
            if self.role == .client || payload.readableBytes <= Self.maxCopiedPayloadBytes {
                self.writeFrame(opcode, payload)
            } else {
                var header = context.channel.allocator.buffer(capacity: FrameHeader.maxBytes)
                FrameEncoder.writeHeader(opcode, payloadBytes: payload.readableBytes, into: &header)
                self.write(header)
                self.write(payload)
            }
            self.flushUnlessInRead()
        }
    }

    /// Begins the closing handshake. Only the first call does anything; `webSocketClosed` tells how it ended.
    package func close(_ code: CloseCode = .normal, reason: String = "") {
        self.call {
            self.perform(self.machine.close(CloseFrame(code, reason: reason)))
        }
    }

    // MARK: Reading

    /// Stops taking bytes from the channel. What has been read already is still delivered: up to one read.
    ///
    /// A peer cannot be heard meanwhile, so its silence does not count: whoever pauses bounds the pause.
    package func pauseReading() {
        guard !self.isTransportEnding else { return }
        self.isReadingPaused = true
    }

    /// Takes bytes again.
    package func resumeReading() {
        self.isReadingPaused = false
        guard self.heldRead else { return }
        self.heldRead = false
        self.call { self.context?.read() }
    }

    func readRequested(_ context: ChannelHandlerContext) {
        if self.isReadingPaused {
            self.heldRead = true
        } else {
            context.read()
        }
    }

    // MARK: Doing what the state machine says

    func perform(_ action: WebSocketStateMachine.Action) {
        switch action {
        case .none:
            break
        case .deliverText(let payload):
            self.delegate?.webSocket(self, receivedText: payload)
        case .deliverBinary(let payload):
            self.delegate?.webSocket(self, receivedBinary: payload)
        case .sendPong(let payload):
            self.writeFrame(.pong, payload)
            self.flushUnlessInRead()
        case .sendPing(let payload):
            self.writeFrame(.ping, payload)
            self.flushUnlessInRead()
            self.schedule(self.configuration.keepAliveWait) { $0.keepAliveExpired() }
        case .scheduleKeepAlive:
            guard let interval = self.configuration.keepAliveInterval else { return }
            // The wait that has just ended is part of the interval.
            self.schedule(max(.zero, interval - self.configuration.keepAliveWait)) { $0.keepAliveDue() }
        case .sendCloseAndAwaitPeer(let frame):
            self.writeClose(frame)
            self.flushUnlessInRead()
            self.schedule(self.configuration.closeWait) { $0.closeWaitExpired() }
            // The peer's close frame has to be read.
            self.resumeReading()
        case .sendCloseAndEnd(let frame, let end):
            self.writeClose(frame)
            self.endTransport()
            self.tellClosed(end)
        case .end(let end):
            self.endTransport()
            self.tellClosed(end)
        }
    }

    func start() {
        if let interval = self.configuration.keepAliveInterval {
            self.schedule(interval) { $0.keepAliveDue() }
        }
        self.delegate?.webSocketOpened(self)
    }

    private func keepAliveExpired() {
        if self.isReadingPaused {
            self.perform(.scheduleKeepAlive)
        } else {
            self.perform(self.machine.keepAliveExpired())
        }
    }

    private func keepAliveDue() {
        self.perform(self.machine.keepAliveDue())
    }

    private func closeWaitExpired() {
        self.perform(self.machine.closeWaitExpired())
    }

    private func schedule(_ delay: Duration, _ body: @escaping (WebSocketConnection) -> Void) {
        self.timer?.cancel()
        self.timer = self.context?.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { body(self) }
    }

    /// Ends our side of the transport and waits for the peer to end its own, reading and discarding. Closing both at
    /// once with bytes unread would reset the connection, and the peer might never see the close frame.
    private func endTransport() {
        guard !self.isTransportEnding, let context = self.context else { return }
        self.isTransportEnding = true
        self.resumeReading()
        self.needsFlush = false
        context.flush()
        context.close(mode: .output, promise: nil)
        self.schedule(self.configuration.closeWait) { $0.context?.close(promise: nil) }
    }

    /// The peer has ended its side of the transport, or the channel has closed.
    func transportEnded() {
        self.isTransportEnding = true
        self.timer?.cancel()
        self.timer = nil
        self.perform(self.machine.transportEnded())
        self.context?.close(promise: nil)
    }

    func joined(_ context: ChannelHandlerContext) {
        self.context = context
        self.channel = context.channel
    }

    func left() {
        self.transportEnded()
        self.context = nil
        self.channel = nil
    }

    // MARK: Writing

    private var maskingKey: MaskingKey? { self.role == .client ? .random() : nil }

    private func writeFrame(_ opcode: Opcode, _ payload: ByteBuffer) {
        guard let context = self.context else { return }
        var frame = context.channel.allocator.buffer(capacity: FrameHeader.maxBytes + payload.readableBytes)
        FrameEncoder.write(opcode, payload: payload, maskingKey: self.maskingKey, into: &frame)
        self.write(frame)
    }

    private func writeClose(_ closeFrame: CloseFrame) {
        guard let context = self.context else { return }
        var frame = context.channel.allocator.buffer(capacity: FrameHeader.maxBytes + CloseFrame.maxReasonBytes + 2)
        FrameEncoder.writeClose(closeFrame, maskingKey: self.maskingKey, into: &frame)
        self.write(frame)
    }

    private func write(_ frames: ByteBuffer) {
        self.context?.write(NIOAny(frames), promise: nil)
        self.needsFlush = true
    }

    private func flushUnlessInRead() {
        if !self.isInRead { self.flush() }
    }

    func flush() {
        guard self.needsFlush else { return }
        self.needsFlush = false
        self.context?.flush()
    }

    // MARK: Telling the delegate, never inside a call of its own

    private func call(_ body: () -> Void) {
        self.callDepth += 1
        body()
        self.callDepth -= 1
    }

    private func tellClosed(_ end: ConnectionEnd) {
        self.owedEnd = end
        self.tellOrDefer()
    }

    func writabilityChanged() {
        self.perform(self.machine.writabilityChanged(self.isWritable))
        // Told even where it has changed back since: a delegate that asked in between waits for it.
        self.owesWritability = true
        self.tellOrDefer()
    }

    private func tellOrDefer() {
        if self.callDepth == 0 {
            self.tellWhatIsOwed()
        } else {
            self.context?.eventLoop.assumeIsolated().execute { self.tellWhatIsOwed() }
        }
    }

    private func tellWhatIsOwed() {
        guard let delegate = self.delegate else { return }
        if let end = self.owedEnd {
            // The delegate and the connection hold each other; this is where they let go.
            self.delegate = nil
            delegate.webSocketClosed(self, end: end)
        } else if self.owesWritability {
            self.owesWritability = false
            delegate.webSocketWritabilityChanged(self)
        }
    }
}
