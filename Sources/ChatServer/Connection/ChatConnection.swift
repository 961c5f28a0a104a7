package import ChatProtocol
import Conversation
import DequeModule
package import NIOCore
package import Sessions
package import WebSocket
package import WebSocketChannel

/// One WebSocket of the chat protocol: client frames go from here to a session, and what the session's log has for this
/// connection goes out.
///
/// `@unchecked Sendable`: sessions of other event loops hold it as a `FollowerTransport`, but everything is called on its own
/// event loop, where all of its state belongs.
package final class ChatConnection: WebSocketDelegate, FollowerTransport, @unchecked Sendable {
    private struct Following {
        var session: ChatSession
        var id: FollowerID
    }

    package let eventLoop: any EventLoop
    private let owner: Owner
    private let directory: SessionDirectory
    private let metrics: ConnectionMetrics
    private var connection: WebSocketConnection?
    private var following: Following?
    /// The session that answers an `open`; until it has, the one before is followed.
    private var opening: Following?
    /// What came behind an `open` that is not answered; nil while none is.
    private var heldFrames: Deque<ClientFrame>?
    private var heldBytes = 0
    private var openDeadline: Scheduled<Void>?
    private var stallDeadline: Scheduled<Void>?
    private var flood = FloodGauge()
    /// What was answered here since the socket took nothing more, in bytes.
    private var unreadBytes = 0
    /// Filled and emptied for every batch; its memory is used again once the socket has taken it, if it is small.
    private var frames = ByteBuffer()

    init(owner: Owner, directory: SessionDirectory, metrics: ConnectionMetrics, eventLoop: any EventLoop) {
        self.owner = owner
        self.directory = directory
        self.metrics = metrics
        self.eventLoop = eventLoop
    }

    /// Makes a connection for each WebSocket, over the directory's sessions.
    package static func maker(_ directory: SessionDirectory) -> ChatConnectionMaker {
        let metrics = ConnectionMetrics(factory: directory.environment.metrics.factory)
        return { opening, channel in
            ChatConnection(
                owner: Owner(key: opening.identity.ownerKey), directory: directory, metrics: metrics,
                eventLoop: channel.eventLoop)
        }
    }

    // MARK: The WebSocket

    package func webSocketOpened(_ connection: WebSocketConnection) {
        self.connection = connection
        openDeadline = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(ChatConnectionBounds.openWait)) {
            self.close(.silent, "No \"open\" came within \(ChatConnectionBounds.openWait).")
        }
    }

    package func webSocket(_ connection: WebSocketConnection, receivedText payload: ByteBuffer) {
        guard connection.isOpen else { return }
        guard flood.admits(at: .now()) else {
            return close(.policyViolation, "Too many frames: at most \(FloodGauge.framesPerSecond) a second.")
        }
        let frame: ClientFrame
        do throws(ClientFrameRefusal) {
            frame = try ClientFrame(parsing: payload)
        } catch {
            return send(error.error.frame(ref: error.ref))
        }
        guard heldFrames == nil else {
            heldBytes += payload.readableBytes
            guard heldBytes <= ChatConnectionBounds.heldBytes else {
                return close(.policyViolation, "Too much came before \"open\" was answered.")
            }
            heldFrames?.append(frame)
            return
        }
        handle(frame)
    }

    private func handle(_ frame: ClientFrame) {
        switch frame.command {
        case .open(let open):
            find(open, ref: frame.id)
        case .ping(let echo):
            // Also before `open`: it asks after the connection, not after a session.
            send(Answer.pong(echo).frame(ref: frame.id))
        case let command:
            guard let following else {
                let error = CommandError(.notOpen, "Say \"open\" first: this connection follows no session.")
                return send(error.frame(ref: frame.id))
            }
            following.session.perform { $0.handle(command, ref: frame.id, from: following.id) }
        }
    }

    package func webSocketWritabilityChanged(_ connection: WebSocketConnection) {
        guard connection.isWritable else { return watchStall() }
        stallDeadline?.cancel()
        stallDeadline = nil
        unreadBytes = 0
        for each in [opening, following] {
            if let each { each.session.perform { $0.ready(each.id) } }
        }
    }

    package func webSocketShouldQuiesce(_ connection: WebSocketConnection) {
        send(
            Answer.goingAway(reason: "restarting", reconnectAfter: ChatConnectionBounds.reconnectAfter).frame(ref: nil))
        guard let session = following?.session else { return close(.restarting, "The server restarts.") }
        // A turn may run to its end, and be seen to.
        session.perform { session in
            session.whenQuiet {
                self.eventLoop.execute { self.close(.restarting, "The server restarts.") }
            }
        }
    }

    package func webSocketClosed(_ connection: WebSocketConnection, end: ConnectionEnd) {
        metrics.closed(end)
        openDeadline?.cancel()
        stallDeadline?.cancel()
        self.connection = nil
        // What was said behind an `open` is still carried out, once that is.
        if heldFrames == nil { unfollow() }
        if let opening { opening.session.perform { $0.ready(opening.id) } }
    }

    /// Closes the connection if its socket takes nothing for too long.
    private func watchStall() {
        let before = bufferedBytes
        stallDeadline = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(ChatConnectionBounds.stalledWait)) {
            if self.bufferedBytes < before {
                self.watchStall()
            } else {
                self.close(.policyViolation, "The connection took nothing for \(ChatConnectionBounds.stalledWait).")
            }
        }
    }

    /// What waits for the socket, in bytes.
    private var bufferedBytes: Int {
        (try? connection?.channel?.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    // MARK: Following

    /// Looks for the session that is to be followed, or has one made. What comes meanwhile waits, and so does this for the answers
    /// to what was said in the session before.
    private func find(_ open: ClientCommand.Open, ref: String?) {
        openDeadline?.cancel()
        heldFrames = []
        guard let following else { return lookUp(open, ref: ref) }
        following.session.perform { session in
            session.whenAnswered { self.eventLoop.execute { self.lookUp(open, ref: ref) } }
        }
    }

    private func lookUp(_ open: ClientCommand.Open, ref: String?) {
        Task { [directory, owner, eventLoop] in
            let found: Result<(session: ChatSession, isNew: Bool), CommandError>
            do throws(CommandError) {
                try directory.check(open)
                if let id = open.session {
                    found = .success((try await directory.find(id, owner: owner, on: eventLoop), false))
                } else {
                    found = .success(
                        try await directory.create(owner: owner, ref: ref, settings: open.create, on: eventLoop))
                }
            } catch {
                found = .failure(error)
            }
            eventLoop.execute { [found] in self.found(found, open, ref: ref) }
        }
    }

    private func found(
        _ found: Result<(session: ChatSession, isNew: Bool), CommandError>, _ open: ClientCommand.Open, ref: String?
    ) {
        switch found {
        case .success(let (session, isNew)):
            let opening = Following(session: session, id: .next())
            self.opening = opening
            let isReady = connection?.isWritable ?? true
            session.perform {
                $0.follow(opening.id, open, ref: ref, isNew: isNew, isReady: isReady, over: self)
            }
        case .failure(let error):
            send(error.frame(ref: ref))
            goOn()
        }
    }

    package func began(_ follower: FollowerID) {
        guard follower == opening?.id else { return }
        unfollow()
        following = opening
        opening = nil
        // Behind the `welcome`, which comes with this.
        eventLoop.execute { self.goOn() }
    }

    /// An `open` is answered: what was said behind it is carried out.
    private func goOn() {
        var frames = heldFrames ?? []
        heldFrames = nil
        while let frame = frames.popFirst() {
            handle(frame)
            guard heldFrames == nil else {
                // Another `open`: the rest waits for that one.
                heldFrames = frames
                return
            }
        }
        heldBytes = 0
        if connection == nil { unfollow() }
    }

    private func unfollow() {
        guard let following else { return }
        self.following = nil
        following.session.perform { $0.unfollow(following.id) }
    }

    package func deliver(_ batch: FrameBatch, for follower: FollowerID) -> Bool {
        guard let connection, follower == following?.id || follower == opening?.id else { return true }
        frames.clear()
        batch.forEachFrame { FrameEncoder.writeText($0, into: &frames) }
        connection.writeFrames(frames)
        if frames.storageCapacity > ChatConnectionBounds.keptFrameBytes { frames = ByteBuffer() }
        return connection.isWritable
    }

    package func fellBehind(_ follower: FollowerID) {
        guard follower == following?.id || follower == opening?.id else { return }
        close(.policyViolation, "The connection reads too slowly; resume with \"open\".")
    }

    package func released(_ follower: FollowerID) {
        if follower == following?.id {
            following = nil
        } else if follower == opening?.id {
            opening = nil
            goOn()
        }
    }

    // MARK: Sending

    private func send(_ frame: ByteBuffer) {
        guard let connection else { return }
        if !connection.isWritable {
            unreadBytes += frame.readableBytes
            guard unreadBytes <= ChatConnectionBounds.unreadBytes else {
                return close(.policyViolation, "The connection does not read the answers to what it asks.")
            }
        }
        connection.sendText(frame)
    }

    private func close(_ code: ChatCloseCode, _ reason: String) {
        connection?.close(CloseCode(rawValue: code.rawValue), reason: reason)
    }
}
