import ChatProtocol
import NIOCore

/// The deltas of one block that follow each other in the log: their text in one piece, with the place where each ends.
///
/// A token costs four bytes and its text. The running turn and its log share the run, which is why it is a class; both belong
/// to the session's actor.
final class DeltaRun {
    /// What each of its frames begins with.
    let prefix: ByteBuffer
    /// The first delta's `seq`; the others follow without a gap.
    let firstSeq: Int
    /// UTF-8, not escaped.
    private(set) var text: [UInt8] = []
    /// Where each delta ends in `text`.
    private var ends: [UInt32] = []

    init(prefix: ByteBuffer, firstSeq: Int) {
        self.prefix = prefix
        self.firstSeq = firstSeq
    }

    var count: Int { ends.count }
    var lastSeq: Int { firstSeq + ends.count - 1 }

    @inline(__always)
    func append(_ bytes: UnsafeRawBufferPointer) {
        text.append(contentsOf: bytes)
        ends.append(UInt32(truncatingIfNeeded: text.count))
    }

    /// Writes the deltas from `position` on as one frame of at most `ProtocolLimits.deltaBytes` of text, and at least one delta.
    ///
    /// - Returns: how many deltas the frame holds.
    func writeFrame(from position: Int, into batch: inout FrameBatch) -> Int {
        let start = position == 0 ? 0 : Int(ends[position - 1])
        var next = position + 1
        if Int(ends[ends.count - 1]) - start <= ProtocolLimits.deltaBytes {
            next = ends.count
        } else {
            while next < ends.count, Int(ends[next]) - start <= ProtocolLimits.deltaBytes { next += 1 }
        }
        let end = Int(ends[next - 1])
        text.withUnsafeBytes { bytes in
            let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            batch.append { DeltaFrame.write(prefix, seq: firstSeq + next - 1, text: piece, into: &$0) }
        }
        return next - position
    }
}
