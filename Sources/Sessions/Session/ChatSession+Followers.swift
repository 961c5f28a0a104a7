import ChatProtocol
import Conversation
import NIOCore

// Those who follow the session: what they are sent, and when.
extension ChatSession {
    /// Has everything that the log now has beyond their cursors sent to all followers.
    func changed() {
        for (id, follower) in followers where follower.isReady && !follower.isDue && log.hasMore(after: follower.cursor)
        {
            follower.isDue = true
            loop.markDue(id, of: self)
        }
    }

    /// Sends a frame to one follower only.
    func answer(_ frame: ByteBuffer, to id: FollowerID) {
        guard let follower = followers[id], !follower.isOverrun else { return }
        follower.answers.append(frame)
        markDue(id)
    }

    func refuse(_ error: CommandError, ref: String?, to id: FollowerID) {
        answer(error.frame(ref: ref), to: id)
    }

    func markDue(_ id: FollowerID) {
        guard let follower = followers[id], follower.isReady || follower.isOverrun, !follower.isDue else { return }
        follower.isDue = true
        loop.markDue(id, of: self)
    }

    /// What a pull gave beside the frames.
    struct Pulled {
        enum End { case fellBehind, released }

        var transport: any FollowerTransport
        /// Whether this is the first of what it gets as a follower.
        var begins = false
        var hasMore: Bool
        /// The following is over, once the frames are sent.
        var end: End?
    }

    /// Moves a follower's cursor over what it has not seen, into frames. nil: it has left, or cannot take anything now.
    func pull(_ id: FollowerID, into batch: inout FrameBatch) -> Pulled? {
        guard let follower = followers[id], follower.isReady || follower.isOverrun else { return nil }
        follower.isDue = false
        if log.hasLost(follower.cursor) || follower.isOverrun {
            remove(id)
            leaveIfUnused()
            return Pulled(transport: follower.transport, hasMore: false, end: .fellBehind)
        }
        if !follower.answers.isEmpty {
            batch.append(follower.answers)
            follower.answers = FrameBatch()
        }
        let begins = follower.isBeginning
        follower.isBeginning = false
        log.read(&follower.cursor, into: &batch, budgetBytes: Follower.batchBytes)
        let hasMore = log.hasMore(after: follower.cursor)
        guard presence == .gone || follower.isLeaving, !hasMore else {
            return Pulled(transport: follower.transport, begins: begins, hasMore: hasMore)
        }
        remove(id)
        leaveIfUnused()
        return Pulled(transport: follower.transport, begins: begins, hasMore: false, end: .released)
    }

    /// The follower's connection has more than it can send.
    func paused(_ id: FollowerID) {
        followers[id]?.isConnectionReady = false
    }

    /// The follower's connection takes more again.
    package func ready(_ id: FollowerID) {
        guard let follower = followers[id], !follower.isConnectionReady else { return }
        follower.isConnectionReady = true
        if !follower.answers.isEmpty || log.hasMore(after: follower.cursor) || log.hasLost(follower.cursor)
            || presence == .gone
        {
            markDue(id)
        }
    }

    /// Makes a connection a follower from the log's end on, without a welcome: for one who says something and hears what comes of
    /// it. The lease of whoever found the session ends.
    package func attach(_ id: FollowerID, over transport: any FollowerTransport) {
        residents.release(self.id)
        activeAt = .now()
        unattendedAt = nil
        let follower = Follower(transport: transport, cursor: log.endCursor, isReady: true)
        _ = follower.finishOpening()
        followers[id] = follower
        if presence == .gone { markDue(id) }
    }

    /// The connection is gone, or follows another session. A turn goes on without it.
    package func unfollow(_ id: FollowerID) {
        let held = followers[id]?.finishOpening() ?? []
        let tools = clientTools(of: id)
        remove(id)
        if !tools.isEmpty { departedTools[id] = tools }
        // Said is said, also by one who did not stay for the answer.
        for command in held { handle(command.command, ref: command.ref, from: id) }
        if self.held.isEmpty { departedTools = [:] }
        leaveIfUnused()
    }

    /// The tools that the connection runs which said something.
    func clientTools(of id: FollowerID) -> [ToolDescription] {
        followers[id]?.clientTools ?? departedTools[id] ?? []
    }

    private func remove(_ id: FollowerID) {
        followers[id] = nil
        if followers.isEmpty { unattendedAt = .now() }
    }
}
