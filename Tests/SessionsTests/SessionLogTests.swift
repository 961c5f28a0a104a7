import ChatProtocol
import Conversation
import JSON
import NIOCore
import Testing

@testable import Sessions

@Suite struct SessionLogTests {
    private let prefix = DeltaFrame.prefix(turn: "t_1", index: 0)

    private func queued(_ turn: String) -> LogEvent { .turnQueued(turn: turn, parent: "u_1") }

    private func append(_ texts: [String], to log: inout SessionLog, run: DeltaRun? = nil) -> DeltaRun? {
        var run = run
        for text in texts {
            var text = text
            run = text.withUTF8 { log.appendDelta(UnsafeRawBufferPointer($0), to: run, prefix: prefix) }
        }
        return run
    }

    private func read(_ log: SessionLog, _ cursor: inout LogCursor, budgetBytes: Int = .max) throws -> [JSONValue] {
        var batch = FrameBatch()
        log.read(&cursor, into: &batch, budgetBytes: budgetBytes)
        return try batch.values()
    }

    @Test func `events get numbers that grow by one`() throws {
        var log = SessionLog()
        var cursor = log.endCursor
        log.append(queued("t_1"))
        log.append(queued("t_2"), ref: "m2")
        let frames = try read(log, &cursor)
        #expect(frames.map { $0["seq"] } == [1, 2])
        #expect(frames.map { $0["ref"] } == [nil, "m2"])
        #expect(!log.hasMore(after: cursor))
    }

    @Test func `deltas that wait are merged into one frame with the last one's number`() throws {
        var log = SessionLog()
        var cursor = log.endCursor
        _ = append(["one ", "two ", "three"], to: &log)
        let frames = try read(log, &cursor)
        #expect(frames == [["type": "delta", "turn": "t_1", "index": 0, "seq": 3, "text": "one two three"]])
    }

    @Test func `a merged delta holds at most 16 KiB and no delta is cut`() throws {
        var log = SessionLog()
        var cursor = log.endCursor
        let piece = String(repeating: "é", count: 3000)
        _ = append(Array(repeating: piece, count: 7), to: &log)
        let frames = try read(log, &cursor)
        let texts = frames.compactMap { $0["text"]?.stringValue }
        #expect(texts.map(\.utf8.count) == [12000, 12000, 12000, 6000])
        #expect(frames.map { $0["seq"] } == [2, 4, 6, 7])
        #expect(texts.joined() == String(repeating: piece, count: 7))
    }

    @Test func `a reader who has seen everything sees what a growing block gets next`() throws {
        var log = SessionLog()
        let run = append(["a"], to: &log)
        var cursor = log.endCursor
        #expect(!log.hasMore(after: cursor))
        _ = append(["b", "c"], to: &log, run: run)
        #expect(log.hasMore(after: cursor))
        #expect(try read(log, &cursor).map { $0["text"] } == ["bc"])
        log.append(queued("t_2"))
        #expect(try read(log, &cursor).map { $0["seq"] } == [4])
    }

    @Test func `resuming after any number gives exactly the rest`() throws {
        var log = SessionLog()
        log.append(queued("t_1"))
        let run = append(["a", "b", "c"], to: &log)
        log.append(queued("t_2"))
        _ = append(["d", "e"], to: &log, run: run)
        let texts = [2: "a", 3: "b", 4: "c", 6: "d", 7: "e"]
        for after in 0...7 {
            var cursor = try #require(log.cursor(after: after))
            let frames = try read(log, &cursor)
            let text = frames.compactMap { $0["text"]?.stringValue }.joined()
            #expect(text == texts.filter { $0.key > after }.sorted { $0.key < $1.key }.map(\.value).joined())
            let numbers = frames.compactMap { $0["seq"]?.intValue }
            #expect(numbers.allSatisfy { $0 > after })
            #expect(numbers == numbers.sorted())
            #expect(cursor.seq == 7)
        }
        #expect(log.cursor(after: 8) == nil)
    }

    @Test func `reading stops at the budget and goes on from there`() throws {
        var log = SessionLog()
        var cursor = log.endCursor
        for number in 1...10 { log.append(queued("t_\(number)")) }
        var seen: [JSONValue] = []
        var reads = 0
        while log.hasMore(after: cursor) {
            seen += try read(log, &cursor, budgetBytes: 100)
            reads += 1
        }
        #expect(reads > 3)
        #expect(seen.compactMap { $0["seq"]?.intValue } == Array(1...10))
    }

    // MARK: What must be on disk first

    @Test func `an event that waits for its commit hides what lies behind it`() throws {
        var log = SessionLog()
        var cursor = log.endCursor
        let commit = CommitID(rawValue: 1)
        log.append(queued("t_1"), pending: commit)
        _ = append(["a"], to: &log)
        #expect(!log.hasMore(after: cursor))
        #expect(log.visibleSeq == 0)
        #expect(log.cursor(after: 1) == nil)
        log.committed(commit)
        #expect(log.visibleSeq == 2)
        #expect(try read(log, &cursor).map { $0["seq"] } == [1, 2])
    }

    @Test func `commits show their events one after the other`() throws {
        var log = SessionLog()
        var cursor = log.endCursor
        let (first, second) = (CommitID(rawValue: 1), CommitID(rawValue: 2))
        log.append(queued("t_1"), pending: first)
        log.append(queued("t_2"), pending: first)
        log.append(queued("t_3"), pending: second)
        log.committed(first)
        #expect(try read(log, &cursor).map { $0["seq"] } == [1, 2])
        log.committed(second)
        #expect(try read(log, &cursor).map { $0["seq"] } == [3])
    }

    @Test func `nobody sees the events of a commit that failed`() throws {
        var log = SessionLog()
        var cursor = log.endCursor
        let (first, second) = (CommitID(rawValue: 1), CommitID(rawValue: 2))
        log.append(queued("t_1"), pending: first)
        log.append(queued("t_2"), pending: second)
        log.failed(first)
        #expect(try read(log, &cursor).isEmpty)
        log.committed(second)
        #expect(try read(log, &cursor).map { $0["seq"] } == [2])
    }

    @Test func `what is behind a commit that failed can be voided, what waits for its own cannot`() throws {
        var log = SessionLog()
        log.append(queued("t_0"))
        var cursor = log.endCursor
        let (first, second) = (CommitID(rawValue: 1), CommitID(rawValue: 2))
        log.append(queued("t_1"), pending: first)
        log.append(queued("t_2"))
        _ = append(["a", "b"], to: &log)
        log.append(queued("t_3"), pending: second)
        log.void(from: 3)
        log.failed(first)
        #expect(try read(log, &cursor).isEmpty)
        log.committed(second)
        #expect(try read(log, &cursor).map { $0["seq"] } == [6])
        #expect(!log.hasMore(after: cursor))
    }

    @Test func `the number of a voided event is never the end that readers are told of`() throws {
        var log = SessionLog(lastSeq: 7)
        log.append(queued("t_1"), pending: CommitID(rawValue: 1))
        log.append(queued("t_2"))
        log.void(from: 9)
        log.failed(CommitID(rawValue: 1))
        #expect(log.visibleSeq == 7)
        #expect(log.cursor(after: 8) == nil)
        var cursor = log.endCursor
        #expect(cursor.seq == 7)
        log.append(queued("t_3"))
        #expect(try read(log, &cursor).map { $0["seq"] } == [10])
        log.append(queued("t_4"), pending: CommitID(rawValue: 2))
        log.failed(CommitID(rawValue: 2))
        #expect(log.visibleSeq == 10)
        log.forget()
        #expect(log.lastSeq == 10)
        #expect(log.visibleSeq == 10)
        cursor = try #require(log.cursor(after: 10))
        log.append(queued("t_5"))
        #expect(try read(log, &cursor).map { $0["seq"] } == [11])
    }

    @Test func `something else can stand in a failed commit's place`() throws {
        var log = SessionLog()
        var cursor = log.endCursor
        log.append(queued("t_1"), ref: "m1", pending: CommitID(rawValue: 1))
        log.append(queued("t_2"), pending: CommitID(rawValue: 1))
        log.failed(CommitID(rawValue: 1), instead: queued("t_9"), ref: "m9")
        let frames = try read(log, &cursor)
        #expect(frames.map { $0["turn"] } == ["t_9"])
        #expect(frames.map { $0["seq"] } == [1])
        #expect(frames.map { $0["ref"] } == ["m9"])
    }

    // MARK: Bounds

    @Test func `what the last turn keeps has a bound, what the running one keeps has none`() {
        var log = SessionLog()
        let prefix = DeltaFrame.prefix(turn: "t_1", index: 0)
        let piece = [UInt8](repeating: 120, count: 16 * 1024)
        func fill(_ bytes: Int) {
            for _ in 0..<bytes / piece.count {
                piece.withUnsafeBytes { _ = log.appendDelta($0, to: nil, prefix: prefix) }
            }
        }
        fill(SessionLog.maximumBytes + 1024 * 1024)
        log.trim(keepingAfter: 0, andAlwaysAfter: 0)
        #expect(log.byteCount > SessionLog.maximumBytes)
        log.trim(keepingAfter: 0)
        #expect(log.byteCount <= SessionLog.maximumBytes)
        #expect(log.byteCount > SessionLog.maximumBytes / 2)
        log.trim(keepingAfter: .max)
        #expect(log.byteCount <= SessionLog.keptBytes)
    }

    @Test func `a log drops its oldest entries, but none of a turn that runs`() throws {
        var log = SessionLog()
        let old = try #require(log.cursor(after: 0))
        for number in 0..<SessionLog.keptEntries + 10 { log.append(queued("t_\(number)")) }
        log.trim(keepingAfter: 4)
        #expect(log.cursor(after: 3) == nil)
        #expect(log.cursor(after: 4) != nil)
        #expect(log.hasLost(old))
        log.trim(keepingAfter: .max)
        #expect(log.cursor(after: 9) == nil)
        var cursor = try #require(log.cursor(after: 10))
        #expect(try read(log, &cursor).count == SessionLog.keptEntries)
    }
}

extension FrameBatch {
    /// The batch's frames as JSON.
    func values() throws -> [JSONValue] {
        var values: [JSONValue] = []
        var problem: JSONError?
        forEachFrame { bytes in
            do throws(JSONError) {
                values.append(try JSONValue(parsing: Array(bytes)))
            } catch {
                problem = error
            }
        }
        if let problem { throw problem }
        return values
    }
}
