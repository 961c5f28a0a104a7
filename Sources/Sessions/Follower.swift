package import ChatProtocol
import Conversation
package import NIOCore

/// One connection's following of one session; a connection that switches sessions gets a new one.
package struct FollowerID: Hashable, Sendable {
    package var rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }
}

/// The way from a session to one connection. Its methods are called on its event loop.
package protocol FollowerTransport: AnyObject, Sendable {
    var eventLoop: any EventLoop { get }

    /// Sends the frames; they are the caller's again when this returns.
    ///
    /// - Returns: whether the socket takes more right away. If not, the transport calls `ChatSession.ready(_:)` once it does.
    func deliver(_ batch: FrameBatch, for follower: FollowerID) -> Bool

    /// The connection fell further behind than the log reaches back.
    func fellBehind(_ follower: FollowerID)

    /// The follower's `open` is about to be answered with a `welcome`: from here on what comes is of this session.
    func began(_ follower: FollowerID)

    /// The session is gone, or the `open` was refused, and the connection has been sent the last that it said: it follows nothing any more.
    func released(_ follower: FollowerID)
}

/// A session's side of one follower: its cursor in the log, and what is to be sent to this connection alone.
final class Follower {
    let transport: any FollowerTransport
    var cursor: LogCursor
    /// Answers wait here; they are sent before what the log has.
    var answers = FrameBatch()
    /// False while the connection has more than it can send.
    var isConnectionReady: Bool
    /// What the client said behind its `open`, until that is answered; nil from then on.
    private var heldCommands: [(command: ClientCommand, ref: String?)]? = []
    /// Whether it stands in the loop's list of followers that have something to send.
    var isDue = false
    /// Whether its connection is yet to be told that it follows the session.
    var isBeginning = false
    /// The tools that it runs.
    let clientTools: [ToolDescription]
    /// Whether it is let go once it has been sent what there is for it.
    var isLeaving = false

    init(
        transport: any FollowerTransport, cursor: LogCursor, clientTools: [ToolDescription] = [], isReady: Bool
    ) {
        self.clientTools = clientTools
        self.transport = transport
        self.cursor = cursor
        isConnectionReady = isReady
    }

    /// Whether it can be sent anything.
    var isReady: Bool { isConnectionReady && heldCommands == nil }

    /// Whether its `open` is not answered yet.
    var isOpening: Bool { heldCommands != nil }

    /// Whether it was asked more than it takes the answers of.
    var isOverrun: Bool { answers.byteCount > Self.maximumAnswerBytes }

    /// Keeps a command for later while the `open` before it is not answered.
    ///
    /// - Returns: false where there is nothing to wait for.
    func hold(_ command: ClientCommand, ref: String?) -> Bool {
        heldCommands?.append((command, ref))
        return heldCommands != nil
    }

    /// The `open` is about to be answered: hands over what was said behind it, in order.
    func finishOpening() -> [(command: ClientCommand, ref: String?)] {
        defer { heldCommands = nil }
        return heldCommands ?? []
    }

    /// The most bytes of frames that are given to a connection at once. 64 KiB: what a socket's buffer takes in one write.
    static let batchBytes = 64 * 1024
    /// The most bytes of answers that wait for one connection. 1 MiB: a few full snapshots; a client that asks on without
    /// reading is cut off.
    static let maximumAnswerBytes = 1024 * 1024
}
