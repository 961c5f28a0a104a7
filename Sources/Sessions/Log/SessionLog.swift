import ChatProtocol
import DequeModule
import NIOCore

/// A session's events in order, as far back as they are kept.
///
/// Everything that follows a session reads here: `append` is the only way in, `read` with a cursor the only way out. An event
/// that must be on disk before anyone sees it is appended *pending*; it and everything behind it stay invisible until the
/// store's commit completes.
struct SessionLog {
    /// How many entries are kept at least, once they are of ended turns. 1,024 entries are a few hundred turns: enough for any
    /// reconnect, and at some hundred bytes each no burden.
    static let keptEntries = 1024
    /// The bytes that entries of ended turns may hold. 1 MiB, for the same reason.
    static let keptBytes = 1024 * 1024
    /// The bytes beyond which only the running turn keeps its entries. 16 MiB: a few of the longest replies.
    static let maximumBytes = 16 * 1024 * 1024

    enum Entry {
        case frame(seq: Int, ByteBuffer)
        case deltas(DeltaRun)
        /// An event whose commit failed: nobody will see it.
        case void(seq: Int)

        var lastSeq: Int {
            switch self {
            case .frame(let seq, _), .void(let seq): seq
            case .deltas(let run): run.lastSeq
            }
        }

        var byteCount: Int {
            switch self {
            case .frame(_, let buffer): buffer.readableBytes
            case .deltas(let run): run.text.count
            case .void: 0
            }
        }
    }

    private struct PendingCommit {
        var commit: CommitID
        /// The position of its first event, and how many it has: they follow each other.
        var entry: Int
        var count: Int
    }

    private var entries: Deque<Entry> = []
    /// The position of `entries.first`: positions count all entries ever appended.
    private var base = 0
    private var pending: Deque<PendingCommit> = []
    private var retainedBytes = 0
    /// The last number that was given out.
    private(set) var lastSeq: Int
    /// The number of the last entry that was dropped: what lies after it is still here.
    private var droppedSeq: Int

    /// - Parameter lastSeq: the last number that an earlier life of the session gave out.
    init(lastSeq: Int = 0) {
        self.lastSeq = lastSeq
        droppedSeq = lastSeq
    }

    /// Whether nothing was said since the session was read, or since it rested.
    var isEmpty: Bool { entries.isEmpty }

    private var endPosition: Int { base + entries.count }

    /// Entries from here on wait for a commit.
    private var visibleEnd: Int { pending.first?.entry ?? endPosition }

    /// The last `seq` that a reader may see. Never one whose event is void: the store may not know of it, and give it out again
    /// after a crash.
    var visibleSeq: Int {
        var position = visibleEnd
        while position > base {
            position -= 1
            if case .void = entries[position - base] { continue }
            return entries[position - base].lastSeq
        }
        return droppedSeq
    }

    // MARK: Appending

    /// Appends an event, giving it the next number.
    ///
    /// - Parameter commit: the commit that must complete before anyone sees it; nil: it need not be on disk.
    mutating func append(_ event: LogEvent, ref: String? = nil, pending commit: CommitID? = nil) {
        lastSeq += 1
        if let commit {
            if pending.last?.commit == commit {
                pending[pending.count - 1].count += 1
            } else {
                pending.append(PendingCommit(commit: commit, entry: endPosition, count: 1))
            }
        }
        let frame = event.frame(seq: lastSeq, ref: ref)
        retainedBytes += frame.readableBytes
        entries.append(.frame(seq: lastSeq, frame))
    }

    /// Appends a delta to `run` where that is the log's last entry, else to a new run.
    ///
    /// - Parameter text: at most `ProtocolLimits.deltaBytes` of whole UTF-8 scalars.
    /// - Returns: the run that took it.
    @inline(__always)
    mutating func appendDelta(
        _ text: UnsafeRawBufferPointer, to run: DeltaRun?, prefix: ByteBuffer
    ) -> DeltaRun {
        lastSeq += 1
        retainedBytes += text.count
        if let run, run.lastSeq == lastSeq - 1, case .deltas(let last)? = entries.last, last === run {
            run.append(text)
            return run
        }
        let run = DeltaRun(prefix: prefix, firstSeq: lastSeq)
        run.append(text)
        entries.append(.deltas(run))
        return run
    }

    // MARK: Commits

    /// Makes the events of a commit visible, and those behind it up to the next one that waits.
    mutating func committed(_ commit: CommitID) {
        // The store completes a session's commits in their order.
        while let first = pending.first, first.commit <= commit {
            pending.removeFirst()
        }
    }

    /// Voids the events of a commit that failed. What the commit's failure means for the events behind it is the session's to
    /// say, by further events.
    ///
    /// - Parameter event: what stands in the place of the commit's first event, if anything is to be seen there.
    mutating func failed(_ commit: CommitID, instead event: LogEvent? = nil, ref: String? = nil) {
        guard let first = pending.first, first.commit == commit else { return }
        pending.removeFirst()
        for position in first.entry..<first.entry + first.count {
            void(position)
        }
        guard let event else { return }
        let seq = entries[first.entry - base].lastSeq
        let frame = event.frame(seq: seq, ref: ref)
        retainedBytes += frame.readableBytes
        entries[first.entry - base] = .frame(seq: seq, frame)
    }

    /// Voids what was appended from `seq` on and waits for no commit of its own. Nobody can have seen it: it stands behind a
    /// commit that is about to fail.
    mutating func void(from seq: Int) {
        var waiting: Set<Int> = []
        for commit in pending { waiting.formUnion(commit.entry..<commit.entry + commit.count) }
        for position in (base..<endPosition).reversed() {
            guard entries[position - base].lastSeq >= seq else { break }
            if !waiting.contains(position) { void(position) }
        }
    }

    private mutating func void(_ position: Int) {
        let entry = entries[position - base]
        retainedBytes -= entry.byteCount
        entries[position - base] = .void(seq: entry.lastSeq)
    }

    // MARK: Reading

    /// A cursor that has seen everything up to the log's visible end.
    var endCursor: LogCursor {
        cursor(after: visibleSeq) ?? LogCursor(position: visibleEnd, offset: 0, seq: visibleSeq)
    }

    /// A cursor that has seen everything up to and including `seq`; nil where the log no longer reaches back to it, or where
    /// nobody can have seen it yet.
    func cursor(after seq: Int) -> LogCursor? {
        guard seq >= droppedSeq, seq <= visibleSeq else { return nil }
        var low = base
        var high = visibleEnd
        while low < high {
            let middle = (low + high) / 2
            if entries[middle - base].lastSeq <= seq { low = middle + 1 } else { high = middle }
        }
        // The log's last run can still grow, so one who has read all of it stays in it.
        if low == endPosition, case .deltas(let run)? = entries.last {
            return LogCursor(position: low - 1, offset: run.count, seq: seq)
        }
        if low < visibleEnd, case .deltas(let run) = entries[low - base], run.firstSeq <= seq {
            return LogCursor(position: low, offset: seq - run.firstSeq + 1, seq: seq)
        }
        return LogCursor(position: low, offset: 0, seq: seq)
    }

    /// Whether there is something after the cursor that it may see.
    @inline(__always)
    func hasMore(after cursor: LogCursor) -> Bool {
        if cursor.position >= visibleEnd { return false }
        if cursor.position == endPosition - 1, case .deltas(let run) = entries[cursor.position - base] {
            return cursor.offset < run.count
        }
        return true
    }

    /// Whether the log no longer reaches back to the cursor: its reader fell too far behind.
    func hasLost(_ cursor: LogCursor) -> Bool { cursor.position < base }

    /// Writes what lies after the cursor as frames and moves the cursor, until `batch` holds `budgetBytes` or nothing is left.
    /// Deltas of one block that wait are merged.
    func read(_ cursor: inout LogCursor, into batch: inout FrameBatch, budgetBytes: Int) {
        let visibleEnd = self.visibleEnd
        while cursor.position < visibleEnd, batch.byteCount < budgetBytes {
            switch entries[cursor.position - base] {
            case .frame(let seq, let frame):
                batch.append(frame)
                cursor.advance(to: seq)
            case .void(let seq):
                cursor.advance(to: seq)
            case .deltas(let run):
                if cursor.offset < run.count {
                    cursor.offset += run.writeFrame(from: cursor.offset, into: &batch)
                    cursor.seq = run.firstSeq + cursor.offset - 1
                }
                if cursor.offset == run.count {
                    // The last run can still grow: the cursor stays in it.
                    if cursor.position == endPosition - 1 { return }
                    cursor.advance(to: run.lastSeq)
                }
            }
        }
    }

    // MARK: Bounds

    /// The bytes that the entries hold.
    var byteCount: Int { retainedBytes }

    /// Drops the oldest entries beyond the bounds.
    ///
    /// - Parameters:
    ///   - seq: none after it, where the last turn that ended began.
    ///   - running: none after it in any case, where a turn that still runs began.
    mutating func trim(keepingAfter seq: Int, andAlwaysAfter running: Int = .max) {
        while base < visibleEnd, let first = entries.first, first.lastSeq <= running,
            retainedBytes > Self.maximumBytes
                || (first.lastSeq <= seq && (entries.count > Self.keptEntries || retainedBytes > Self.keptBytes))
        {
            retainedBytes -= first.byteCount
            if case .void = first {} else { droppedSeq = first.lastSeq }
            entries.removeFirst()
            base += 1
        }
    }

    /// Drops everything, as a session does that rests. Only where nothing waits for a commit.
    mutating func forget() {
        lastSeq = visibleSeq
        base = endPosition
        entries = []
        pending = []
        retainedBytes = 0
        droppedSeq = lastSeq
    }
}
