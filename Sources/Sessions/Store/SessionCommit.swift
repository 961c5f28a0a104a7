package import Conversation

/// The number of a commit of one session: they count up, and complete in their order.
package struct CommitID: Hashable, Comparable, Sendable {
    package var rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    package static func < (left: CommitID, right: CommitID) -> Bool { left.rawValue < right.rawValue }

    var next: CommitID { CommitID(rawValue: rawValue + 1) }
}

/// One change of a session, as it is kept.
package enum SessionChange: Hashable, Sendable {
    /// - Parameter ref: the id of the `open` that made it; the same one of the same owner gives the same session.
    case created(owner: Owner, ref: String?, settings: SessionSettings, createdAt: Int64)
    case settings(SessionSettings)
    /// A turn, with the user message that causes it where it is a new one.
    case accepted(AcceptedTurn, message: Message?)
    /// The turn runs: should the process die, it is not to be run again.
    case started(turn: String)
    /// What a running turn said since the last checkpoint.
    case progress(turn: String, [ReplyPiece])
    /// The calls of a running turn that wait for somebody outside: all of them.
    case waiting(turn: String, [WaitingCall])
    /// A turn's end, with the reply that it left. Its pieces are not needed any more.
    case ended(turn: String, reply: Message)
    /// The end of the branch that is shown: a message, or the reply of an accepted turn.
    case head(String)
    /// Notes on the beginning of the conversation, kept beside those before them until a `cleared`. Where their last message is
    /// not there any more, nothing is kept.
    case summarised(RunningSummary)
    /// Vectors of messages, by an embedding model, kept until a `cleared`; they take the place of the model's earlier ones.
    /// Those of messages that are not there are passed over.
    case embedded(model: String, [MessageVector])
    /// What was used on a day (since 1970, UTC): added to the session's and to its owner's sum of that day. The session's
    /// outlives `cleared`, the owner's `deleted` too.
    case spent(day: Int, Spending)
    /// The history is emptied: messages, turns, head, summaries, vectors. The ids of its commands stay used.
    case cleared
    /// The session and all that belongs to it is removed.
    case deleted
}

/// Changes of one session that become durable together or not at all.
package struct SessionCommit: Sendable {
    package var session: String
    package var id: CommitID
    /// Grows with each change of the session's owner node: a store refuses an older one, so that two can never interleave.
    package var ownerTerm: Int
    /// The name of the log's numbering.
    package var epoch: String
    /// The last `seq` that the session has given out, the events of this commit included.
    package var lastSeq: Int
    /// Whether no later `seq` can be seen by anyone before the next commit is durable: after a crash the numbering goes on.
    package var isAtRest: Bool
    /// Milliseconds since 1970.
    package var time: Int64
    package var changes: [SessionChange]

    package init(
        session: String, id: CommitID, ownerTerm: Int, epoch: String, lastSeq: Int, isAtRest: Bool, time: Int64,
        changes: [SessionChange]
    ) {
        self.session = session
        self.id = id
        self.ownerTerm = ownerTerm
        self.epoch = epoch
        self.lastSeq = lastSeq
        self.isAtRest = isAtRest
        self.time = time
        self.changes = changes
    }
}
