import ChatProtocol
import DequeModule

/// The last few turns' `turn.done`, by turn.
struct RecentOutcomes {
    /// 32 turns: a `cancel` crosses its turn's end by milliseconds, not by turns.
    static let capacity = 32

    struct Entry {
        var outcome: TurnOutcome
        var seq: Int
        /// The id of the command that the turn was accepted with.
        var ref: String
    }

    private var entries: Deque<Entry> = []

    mutating func append(_ entry: Entry) {
        entries.append(entry)
        if entries.count > Self.capacity { entries.removeFirst() }
    }

    func last(where isMeant: (Entry) -> Bool) -> Entry? { entries.last(where: isMeant) }
}
