/// A reader's place in a session's log: what lies after it has not been read yet.
struct LogCursor: Equatable, Sendable {
    /// The entry that is read next, counted over all entries ever appended.
    var position: Int
    /// How many deltas of that entry have been read, where it is a run of them.
    var offset: Int
    /// The last `seq` that was read.
    var seq: Int

    /// Goes on to the next entry, having read up to `seq`.
    mutating func advance(to seq: Int) {
        position += 1
        offset = 0
        self.seq = seq
    }
}
