import ChatProtocol
import HTTPTypes
import NIOCore
import Sessions

/// Follows a session for one HTTP response whose body is written while things happen: all of the log from a place on, or one
/// command's turn to its end.
///
/// It is to HTTP what `ChatConnection` is to the WebSocket: the session's log is read at the socket's pace and no faster.
/// `@unchecked Sendable`: everything is called on the connection's event loop, where all of its state belongs.
final class StreamingFollower: FollowerTransport, HTTPOutletListener, @unchecked Sendable {
    private enum State {
        /// Whether there is to be a stream at all is not known.
        case opening(CheckedContinuation<TurnWatch.State, any Error>)
        /// The response's head is on its way; what came waits.
        case opened
        /// The body is written as frames come.
        case streaming(CheckedContinuation<Void, Never>)
        case ended
    }

    let eventLoop: any EventLoop
    private let session: ChatSession
    private let outlet: HTTPOutlet
    private let id = FollowerID.next()
    private var state: State?
    private var encoder: FrameStreamEncoder
    /// The one turn that is streamed; nil: everything is.
    private var watch: TurnWatch?
    /// Filled and emptied for every batch.
    private var body = ByteBuffer()
    private var heartbeats: RepeatedTask?
    /// How long the stream is silent at most.
    private let heartbeatInterval: Duration
    private var wroteSinceHeartbeat = false
    /// Whether nothing comes any more behind what waits for the body to begin.
    private var isComplete = false
    private var isClosed = false

    init(
        _ session: ChatSession, over outlet: HTTPOutlet, on eventLoop: any EventLoop, _ format: StreamFormat,
        watching watch: TurnWatch? = nil, heartbeatInterval: Duration
    ) {
        self.session = session
        self.outlet = outlet
        self.eventLoop = eventLoop
        self.watch = watch
        self.heartbeatInterval = heartbeatInterval
        encoder = FrameStreamEncoder(format)
    }

    // MARK: For the request's task

    /// Follows the session, whose lease ends, and says what is to be said behind the `open`.
    ///
    /// - Parameter ref: the id of the `open`.
    /// - Returns: what became of the command, once that is known; `waiting` where there was none.
    /// - Throws: `Problem` where the session or the command was refused.
    func open(
        _ open: ClientCommand.Open, ref: String?, isNew: Bool, saying frame: ClientFrame? = nil
    ) async throws -> TurnWatch.State {
        try await withCheckedThrowingContinuation { continuation in
            eventLoop.execute {
                self.state = .opening(continuation)
                self.outlet.attach(self)
                // Who is gone by now has said it all the same.
                let isGone = if case .ended = self.state { true } else { false }
                self.session.perform { [id = self.id] session in
                    session.follow(id, open, ref: ref, isNew: isNew, over: self)
                    if let frame { session.handle(frame.command, ref: frame.id, from: id) }
                    if isGone { session.unfollow(id) }
                }
            }
        }
    }

    /// Writes the body, behind the response's head. Returns at its end.
    func stream() async {
        await withCheckedContinuation { continuation in
            eventLoop.execute { self.start(continuation) }
        }
    }

    /// Ends the body with what has come so far.
    func end() {
        eventLoop.execute { self.finish() }
    }

    // MARK: The session

    func deliver(_ batch: FrameBatch, for follower: FollowerID) -> Bool {
        if case .ended = state { return true }
        batch.forEachFrame { frame in
            let head = FrameHead(frame)
            if case .opening = state, watch == nil, head.type.says("error") { refuse(Problem(errorFrame: frame)) }
            if watch?.take(frame, head) ?? true { encoder.write(frame, head, into: &body) }
        }
        switch state {
        case .opening(let continuation): return decide(continuation)
        case .streaming: return flush()
        case .opened: return false
        case .ended, nil: return true
        }
    }

    func began(_ follower: FollowerID) {}

    func fellBehind(_ follower: FollowerID) {
        // It may come back, and says then how far it got.
        finish()
    }

    func released(_ follower: FollowerID) {
        finish()
    }

    // MARK: The connection

    func outletBecameWritable() {
        guard case .streaming = state else { return }
        session.perform { [id] in $0.ready(id) }
    }

    func outletClosed() {
        isClosed = true
        finish()
    }

    func outletShouldQuiesce() {
        if case .ended = state { return }
        let frame = Answer.goingAway(reason: "restarting", reconnectAfter: ChatConnectionBounds.reconnectAfter)
            .frame(ref: nil)
        frame.withUnsafeReadableBytes { encoder.write($0, FrameHead($0), into: &body) }
        if case .streaming = state { _ = flush() }
        // A turn may run to its end, and be seen to.
        session.perform { session in
            session.whenQuiet {
                self.session.perform { $0.whenAnswered { self.eventLoop.execute { self.finish() } } }
            }
        }
    }

    // MARK: Its life

    private func refuse(_ problem: Problem) {
        guard case .opening(let continuation) = state else { return }
        close()
        continuation.resume(throwing: problem)
    }

    /// - Returns: whether more is wanted before the body can begin.
    private func decide(_ continuation: CheckedContinuation<TurnWatch.State, any Error>) -> Bool {
        switch watch?.state {
        case .waiting: return true
        case .refused(let problem): refuse(problem)
        case .accepted, .repeated, .ended, nil:
            state = .opened
            continuation.resume(returning: watch?.state ?? .waiting)
        }
        return false
    }

    private func start(_ continuation: CheckedContinuation<Void, Never>) {
        guard case .opened = state else { return continuation.resume() }
        state = .streaming(continuation)
        // Twice in an interval, as what was written just behind the last look puts the comment off by one.
        let pause = TimeAmount(heartbeatInterval / 2)
        heartbeats = eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { _ in self.beat() }
        let takesMore = flush()
        if isComplete { return finish() }
        if takesMore { session.perform { [id] in $0.ready(id) } }
    }

    /// - Returns: whether the connection takes more.
    private func flush() -> Bool {
        if body.readableBytes > 0 {
            outlet.write(body)
            wroteSinceHeartbeat = true
            if body.storageCapacity > ChatConnectionBounds.keptFrameBytes { body = ByteBuffer() } else { body.clear() }
        }
        if watch?.isOver == true { finish() }
        return outlet.isWritable
    }

    private func beat() {
        if !wroteSinceHeartbeat, outlet.isWritable, let heartbeat = encoder.format.heartbeat {
            outlet.write(heartbeat)
        }
        wroteSinceHeartbeat = false
    }

    private func finish() {
        switch state {
        case .opening(let continuation):
            close()
            continuation.resume(throwing: Problem(.serviceUnavailable, "The connection is about to end."))
        case .opened where isClosed:
            close()
        case .opened:
            isComplete = true
        case .streaming(let continuation):
            close()
            continuation.resume()
        case .ended, nil: break
        }
    }

    private func close() {
        state = .ended
        heartbeats?.cancel()
        outlet.detach(self)
        session.perform { [id] in $0.unfollow(id) }
    }
}
