import ChatProtocol
package import CurlTransport
import Models
package import NIOCore

/// What the sessions of one event loop share: their executor, their way to the models, and the list of followers that have
/// something to send.
///
/// Sessions never touch a connection: a failed write may call back on the spot, into an actor that is still busy. They mark
/// followers as due, and `flush`, which runs once at the end of whatever the loop is doing, does the sending.
package final class SessionLoop: Sendable {
    private struct State {
        var due: [(session: ChatSession, follower: FollowerID)] = []
        var isScheduled = false
        /// Filled and emptied for every follower in turn, so that a token costs no allocation.
        var batch = FrameBatch(capacityBytes: Follower.batchBytes)
        /// What was sent so far.
        var relayed = SessionCensus()
        /// Sessions with something in memory that is looked after now and then: all but those that rest.
        var active: [ObjectIdentifier: ChatSession] = [:]
        var ticks: RepeatedTask?
    }

    package let eventLoop: any EventLoop
    let models: ModelLoop
    let executor: any SerialExecutor
    private let state: NIOLoopBoundBox<State>

    /// - Parameter transfers: the loop's queue of transfers.
    package init(transfers: TransferQueue) {
        eventLoop = transfers.eventLoop
        models = ModelLoop(transfers: transfers)
        executor = transfers.eventLoop.executor
        state = NIOLoopBoundBox.makeBoxSendingValue(State(), eventLoop: transfers.eventLoop)
    }

    /// Has a follower's frames sent before the loop waits again. Called on the loop.
    func markDue(_ follower: FollowerID, of session: ChatSession) {
        state.value.due.append((session, follower))
        guard !state.value.isScheduled else { return }
        state.value.isScheduled = true
        eventLoop.execute { self.flush() }
    }

    // MARK: Now and then

    /// How often sessions are looked after. 1 s: the least of what `SessionLimits` asks for.
    private static let tickInterval = TimeAmount.seconds(1)

    /// With more sessions than this loaded, one that was read only to be shown rests again at once. 256, some megabytes: whoever
    /// opens a session may say something soon; but when thousands come back, their histories need not be here together.
    private static let roomForShown = 256

    /// Whether a session that was read only to be shown has to rest again at once. Called on the loop.
    var isCrowded: Bool { state.value.active.count > Self.roomForShown }

    /// Has a session looked after from now on. Called on the loop.
    func activate(_ session: ChatSession) {
        state.value.active[ObjectIdentifier(session)] = session
        guard state.value.ticks == nil else { return }
        // All at once, so that a second's checkpoints are one transaction.
        state.value.ticks = eventLoop.scheduleRepeatedTask(
            initialDelay: Self.tickInterval, delay: Self.tickInterval
        ) { [weak self] task in
            if let self { self.tick() } else { task.cancel() }
        }
    }

    /// The session rests, or is gone.
    func deactivate(_ session: ChatSession) {
        state.value.active[ObjectIdentifier(session)] = nil
    }

    /// The sessions that have anything in memory. Called on the loop.
    var active: [ChatSession] { Array(state.value.active.values) }

    /// Counts the loop's sessions, and what it has sent.
    func census() async -> SessionCensus {
        let counting = eventLoop.submit {
            var census = self.state.value.relayed
            for session in self.state.value.active.values { session.assumeIsolated { $0.count(in: &census) } }
            return census
        }
        // Nothing in there throws; a loop that is over has no sessions.
        return (try? await counting.get()) ?? SessionCensus()
    }

    private func tick() {
        let now = NIODeadline.now()
        for session in state.value.active.values { session.assumeIsolated { $0.tick(now) } }
        if state.value.active.isEmpty {
            state.value.ticks?.cancel()
            state.value.ticks = nil
        }
    }

    // MARK: Sending

    private func flush() {
        state.value.isScheduled = false
        let due = state.value.due
        state.value.due.removeAll(keepingCapacity: true)
        var batch = FrameBatch()
        swap(&batch, &state.value.batch)
        // Plain numbers of this loop's own, stored once for all that is due: tokens pass here.
        var (frames, bytes) = (0, 0)
        for (session, follower) in due {
            send(session, follower, &batch, &frames, &bytes)
        }
        state.value.relayed.relayedFrames += frames
        state.value.relayed.relayedBytes += bytes
        batch.removeAll()
        swap(&batch, &state.value.batch)
    }

    private func send(
        _ session: ChatSession, _ follower: FollowerID, _ batch: inout FrameBatch, _ frames: inout Int,
        _ bytes: inout Int
    ) {
        var hasMore = true
        while hasMore {
            batch.removeAll()
            let pulled = session.assumeIsolated { $0.pull(follower, into: &batch) }
            guard let pulled else { return }
            let transport = pulled.transport
            if pulled.end == .fellBehind {
                onLoop(of: transport) { transport.fellBehind(follower) }
                return
            }
            guard !batch.isEmpty || pulled.end != nil else { return }
            frames += batch.frameCount
            bytes += batch.byteCount
            hasMore = pulled.hasMore
            if pulled.begins { onLoop(of: transport) { transport.began(follower) } }
            if pulled.end == .released {
                let last = batch
                onLoop(of: transport) {
                    _ = transport.deliver(last, for: follower)
                    transport.released(follower)
                }
                return
            }
            if transport.eventLoop === eventLoop {
                let takesMore = transport.deliver(batch, for: follower)
                if !takesMore {
                    session.assumeIsolated { $0.paused(follower) }
                    return
                }
            } else {
                // One batch at a time is under way to another loop, so that a slow connection holds no more than that.
                session.assumeIsolated { $0.paused(follower) }
                let sent = batch
                transport.eventLoop.execute {
                    if transport.deliver(sent, for: follower) {
                        session.perform { $0.ready(follower) }
                    }
                }
                return
            }
        }
    }

    private func onLoop(of transport: any FollowerTransport, _ body: @escaping @Sendable () -> Void) {
        if transport.eventLoop === eventLoop { body() } else { transport.eventLoop.execute(body) }
    }
}
