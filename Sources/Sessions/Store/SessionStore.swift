package import Conversation

/// The number of a commit of one session: they count up, and complete in their order.
package struct CommitID: Hashable, Comparable, Sendable {
    package var rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    package static func < (left: CommitID, right: CommitID) -> Bool { left.rawValue < right.rawValue }

    var next: CommitID { CommitID(rawValue: rawValue + 1) }
}

/// One change of a session, as it is kept.
package enum SessionChange: Sendable {
    case created(owner: Owner, settings: SessionSettings, createdAt: Int64)
    /// A user message and the turn that it causes, which is thereby accepted.
    case accepted(turn: AcceptedTurn, message: Message?)
    case toolStarted(turn: String, ToolCall)
    case toolDone(turn: String, ToolResult)
    /// A turn's end, with the reply that it left.
    case ended(turn: String, status: TurnStatus, reply: Message)
    case head(String)
}

/// A turn as it was accepted: with the `message` that caused it, in the same commit.
package struct AcceptedTurn: Hashable, Sendable {
    package var id: String
    /// The command's `id`.
    package var ref: String
    /// The user message that is answered.
    package var parent: String
    /// The id that the reply's message will have.
    package var reply: String

    package init(id: String, ref: String, parent: String, reply: String) {
        self.id = id
        self.ref = ref
        self.parent = parent
        self.reply = reply
    }
}

/// Changes of one session that become durable together or not at all.
package struct SessionCommit: Sendable {
    package var session: String
    package var id: CommitID
    /// Grows with each change of the session's owner node: a store refuses an older one, so that two can never interleave.
    package var ownerTerm: Int
    package var changes: [SessionChange]
    /// The last `seq` that the session had given out when the commit was made.
    package var lastSeq: Int

    package init(session: String, id: CommitID, ownerTerm: Int, changes: [SessionChange], lastSeq: Int) {
        self.session = session
        self.id = id
        self.ownerTerm = ownerTerm
        self.changes = changes
        self.lastSeq = lastSeq
    }
}

package enum SessionStoreError: Error, Hashable, Sendable {
    /// Another owner has taken the session over.
    case outdatedTerm(current: Int)
    /// The store cannot write: what the system said.
    case unavailable(String)
}

/// Where sessions are kept.
package protocol SessionStore: Sendable {
    /// Makes a commit durable. Never waits: `completion` is called once, on any thread, possibly before this returns, and for
    /// one session in the order of its commits.
    func write(
        _ commit: SessionCommit, completion: @escaping @Sendable (Result<Void, SessionStoreError>) -> Void)
}
