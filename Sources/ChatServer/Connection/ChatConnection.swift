import ChatProtocol
import Conversation
import Logging
import NIOCore
import Sessions
import Synchronization
import WebSocket
import WebSocketChannel

/// One WebSocket of the chat protocol: client frames go from here to a session, and what the session's log has for this
/// connection goes out.
///
/// `@unchecked Sendable`: sessions of other event loops hold it as a `FollowerTransport`, but everything is called on its own
/// event loop, where all of its state belongs.
final class ChatConnection: WebSocketDelegate, FollowerTransport, @unchecked Sendable {
    private struct Following {
        var session: ChatSession
        var id: FollowerID
    }

    let eventLoop: any EventLoop
    private let identity: IdentityDecision
    private let directory: SessionDirectory
    private let count: ConnectionCount
    private var connection: WebSocketConnection?
    private var following: Following?
    private var openDeadline: Scheduled<Void>?
    private var flood = FloodGauge()
    /// Filled and emptied for every batch; its memory is used again once the socket has taken it.
    private var frames = ByteBuffer()

    init(identity: IdentityDecision, directory: SessionDirectory, count: ConnectionCount, eventLoop: any EventLoop) {
        self.identity = identity
        self.directory = directory
        self.count = count
        self.eventLoop = eventLoop
    }

    // MARK: The WebSocket

    func webSocketOpened(_ connection: WebSocketConnection) {
        self.connection = connection
        guard count.enter() else {
            return close(.overloaded, "The server holds as many connections as it can.")
        }
        guard identity.identity != nil else {
            return close(.unauthorised, "Load the page again, or send a valid token.")
        }
        openDeadline = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(ChatConnectionBounds.openWait)) { [weak self] in
            self?.close(.silent, "No \"open\" came within \(ChatConnectionBounds.openWait).")
        }
    }

    func webSocket(_ connection: WebSocketConnection, receivedText payload: ByteBuffer) {
        guard connection.isOpen, let owner = identity.identity.map({ Owner(key: $0.ownerKey) }) else { return }
        guard flood.admits(at: .now()) else {
            return close(.policyViolation, "Too many frames: at most \(FloodGauge.framesPerSecond) a second.")
        }
        let frame: ClientFrame
        do throws(ClientFrameRefusal) {
            frame = try ClientFrame(parsing: payload)
        } catch {
            return send(error.error.frame(ref: error.ref))
        }
        do throws(CommandError) {
            try handle(frame, owner)
        } catch {
            send(error.frame(ref: frame.id))
        }
    }

    private func handle(_ frame: ClientFrame, _ owner: Owner) throws(CommandError) {
        switch frame.command {
        case .open(let open):
            try follow(open, ref: frame.id, owner)
        case .ping(let echo):
            // Also before `open`: it asks after the connection, not after a session.
            send(Answer.pong(echo).frame(ref: frame.id))
        case let command:
            guard let following else {
                throw CommandError(.notOpen, "Say \"open\" first: this connection follows no session.")
            }
            following.session.perform { $0.handle(command, ref: frame.id, from: following.id) }
        }
    }

    func webSocketWritabilityChanged(_ connection: WebSocketConnection) {
        guard connection.isWritable, let following else { return }
        following.session.perform { $0.ready(following.id) }
    }

    func webSocketShouldQuiesce(_ connection: WebSocketConnection) {
        send(Answer.goingAway(reason: "restarting", reconnectAfter: ChatConnectionBounds.reconnectAfter).frame(ref: nil))
        close(.restarting, "The server restarts.")
    }

    func webSocketClosed(_ connection: WebSocketConnection, end: ConnectionEnd) {
        openDeadline?.cancel()
        count.leave()
        unfollow()
        self.connection = nil
    }

    // MARK: Following

    private func follow(_ open: ClientCommand.Open, ref: String?, _ owner: Owner) throws(CommandError) {
        let session: ChatSession
        var isNew = false
        if let id = open.session {
            session = try directory.find(id, owner: owner)
        } else {
            (session, isNew) = try directory.create(owner: owner, ref: ref, settings: open.create, on: eventLoop)
        }
        openDeadline?.cancel()
        unfollow()
        let following = Following(session: session, id: .next())
        self.following = following
        session.perform { [isNew] in $0.follow(following.id, open, ref: ref, isNew: isNew, over: self) }
    }

    private func unfollow() {
        guard let following else { return }
        self.following = nil
        following.session.perform { $0.unfollow(following.id) }
    }

    func deliver(_ batch: FrameBatch, for follower: FollowerID) -> Bool {
        guard let connection, follower == following?.id else { return true }
        frames.clear()
        batch.forEachFrame { FrameEncoder.writeText($0, into: &frames) }
        connection.writeFrames(frames)
        return connection.isWritable
    }

    func fellBehind(_ follower: FollowerID) {
        guard follower == following?.id else { return }
        close(.policyViolation, "The connection reads too slowly; resume with \"open\".")
    }

    // MARK: Sending

    private func send(_ frame: ByteBuffer) {
        connection?.sendText(frame)
    }

    private func close(_ code: ChatCloseCode, _ reason: String) {
        connection?.close(CloseCode(rawValue: code.rawValue), reason: reason)
    }
}

extension FollowerID {
    private static let last = Atomic<Int>(0)

    fileprivate static func next() -> FollowerID {
        FollowerID(rawValue: last.add(1, ordering: .relaxed).newValue)
    }
}
