import ChatProtocol
import DequeModule
import NIOCore

/// A session's commits that are under way, and what could not be saved yet.
struct CommitQueue {
    struct Entry {
        var id: CommitID
        /// What stands in the log in the place of the commit's events if it fails.
        var instead: (event: LogEvent, ref: String?)?
        /// Changes that are saved with a later commit if this one fails: what they tell has happened.
        var owed: [SessionChange]
        var completion: (Bool) -> Void
        let startedAt = NIODeadline.now()
    }

    private var entries: Deque<Entry> = []
    private var lastID = CommitID(rawValue: 0)
    /// Changes that happened and could not be saved; the next commit takes them along.
    private(set) var owed: [SessionChange] = []
    /// Whether the last commit failed.
    private(set) var isFailing = false

    /// Whether everything is on disk that can be.
    var isEmpty: Bool { entries.isEmpty }

    mutating func nextID() -> CommitID {
        lastID = lastID.next
        return lastID
    }

    /// Takes what is owed.
    ///
    /// - Parameter isDue: whether a change still fits what the session is now. What does not, a later commit has saved or
    ///   removed by other means; in the store it would make the whole commit fail.
    mutating func takeOwed(where isDue: (SessionChange) -> Bool) -> [SessionChange] {
        defer { owed = [] }
        return owed.filter(isDue)
    }

    mutating func append(_ entry: Entry) { entries.append(entry) }

    /// Takes the commit out that has completed; nil where it is not the one that is due.
    mutating func completed(_ id: CommitID, succeeded: Bool) -> Entry? {
        guard let first = entries.first, first.id == id else { return nil }
        entries.removeFirst()
        isFailing = !succeeded
        return first
    }

    mutating func owe(_ changes: [SessionChange]) {
        owed += changes
        // The end has the whole reply.
        let ended = Set(owed.compactMap { if case .ended(let turn, _) = $0 { turn } else { nil } })
        owed.removeAll { if case .progress(let turn, _) = $0 { ended.contains(turn) } else { false } }
    }
}
