/// What the sessions in memory are doing at one moment, and what they have sent so far.
package struct SessionCensus: Sendable {
    /// Sessions in memory.
    package var resident = 0
    /// Those of them that have their history there too; the others rest.
    package var loaded = 0

    // Turns that have not ended.

    /// At work.
    package var running = 0
    /// A person or a client has to speak first.
    package var awaiting = 0
    /// For a place, or behind another turn of the same session.
    package var waiting = 0

    /// Sessions that have something to save which could not be saved yet.
    package var owing = 0

    /// Frames and their bytes that were given to connections, to each its own.
    package var relayedFrames = 0
    package var relayedBytes = 0

    mutating func add(_ other: SessionCensus) {
        resident += other.resident
        loaded += other.loaded
        running += other.running
        awaiting += other.awaiting
        waiting += other.waiting
        owing += other.owing
        relayedFrames += other.relayedFrames
        relayedBytes += other.relayedBytes
    }
}

extension ChatSession {
    func count(in census: inout SessionCensus) {
        census.loaded += 1
        census.waiting += queue.count
        if !commits.owed.isEmpty { census.owing += 1 }
        guard let turn = running?.turn else { return }
        if turn.isAwaiting {
            census.awaiting += 1
        } else if isPaused {
            census.waiting += 1
        } else {
            census.running += 1
        }
    }
}

extension SessionDirectory {
    /// Counts what there is now, loop by loop.
    package func census() async -> SessionCensus {
        var census = SessionCensus()
        for loop in loops { census.add(await loop.census()) }
        census.resident = max(count, census.loaded)
        return census
    }
}
