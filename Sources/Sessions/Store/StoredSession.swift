package import Conversation

/// A session as a store has it.
package struct StoredSession: Hashable, Sendable {
    package var id: String
    package var owner: Owner
    /// The term of the owner that wrote last.
    package var ownerTerm: Int
    package var epoch: String
    package var lastSeq: Int
    /// Whether `lastSeq` is surely the last number that anyone has seen (`SessionCommit.isAtRest`).
    package var isAtRest: Bool
    package var settings: SessionSettings
    /// Milliseconds since 1970.
    package var createdAt: Int64
    /// Milliseconds since 1970: the time of the last commit.
    package var lastActiveAt: Int64
    /// In the order in which they were accepted.
    package var turns: [StoredTurn]
    /// User messages and replies of ended turns, in any order.
    package var messages: [Message]
    package var head: String?
    /// Ids of commands whose turns a `clear` removed.
    package var clearedRefs: Set<String>
    /// In the order in which they were made.
    package var summaries: [RunningSummary]
    /// The newest day's; nil where nothing was used yet.
    package var spending: DailySpending?

    package init(
        id: String, owner: Owner, ownerTerm: Int, epoch: String, lastSeq: Int, isAtRest: Bool,
        settings: SessionSettings, createdAt: Int64, lastActiveAt: Int64, turns: [StoredTurn] = [],
        messages: [Message] = [], head: String? = nil, clearedRefs: Set<String> = [],
        summaries: [RunningSummary] = [], spending: DailySpending? = nil
    ) {
        self.id = id
        self.owner = owner
        self.ownerTerm = ownerTerm
        self.epoch = epoch
        self.lastSeq = lastSeq
        self.isAtRest = isAtRest
        self.settings = settings
        self.createdAt = createdAt
        self.lastActiveAt = lastActiveAt
        self.turns = turns
        self.messages = messages
        self.head = head
        self.clearedRefs = clearedRefs
        self.summaries = summaries
        self.spending = spending
    }
}

/// A turn as a store has it.
package struct StoredTurn: Hashable, Sendable {
    package enum State: String, Hashable, Sendable, CaseIterable { case queued, running, ended }

    package var accepted: AcceptedTurn
    package var state: State
    /// What checkpoints kept of a reply that is not finished; empty once it is.
    package var pieces: [ReplyPiece]
    /// Its calls that wait for somebody outside; a turn that runs and has such goes on waiting after a restart.
    package var waiting: [WaitingCall]

    package init(
        accepted: AcceptedTurn, state: State, pieces: [ReplyPiece] = [], waiting: [WaitingCall] = []
    ) {
        self.accepted = accepted
        self.state = state
        self.pieces = pieces
        self.waiting = waiting
    }
}

/// A session in a list of sessions.
package struct SessionSummary: Hashable, Sendable {
    package var id: String
    package var owner: Owner
    /// Empty where it has none.
    package var title: String
    /// The beginning of its first message, at most `firstWordsScalars`; empty where it has none.
    package var firstWords: String
    package var messageCount: Int
    /// Milliseconds since 1970.
    package var createdAt: Int64
    package var lastActiveAt: Int64

    /// In Unicode scalars: a line in a list.
    package static let firstWordsScalars = 80

    package init(
        id: String, owner: Owner, title: String, firstWords: String, messageCount: Int, createdAt: Int64,
        lastActiveAt: Int64
    ) {
        self.id = id
        self.owner = owner
        self.title = title
        self.firstWords = firstWords
        self.messageCount = messageCount
        self.createdAt = createdAt
        self.lastActiveAt = lastActiveAt
    }
}
