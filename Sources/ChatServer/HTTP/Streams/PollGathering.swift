import ChatProtocol
import NIOCore

/// What a poll gets: everything that there is beyond a place in the log, as soon as there is something. What the client knows
/// already is not in it: the welcome of one who goes on where it was.
struct PollGathering: FrameGathering {
    private var frames: [ByteBuffer] = []
    private var isOpen = false
    private var isHurried = false
    /// Whether something has come that is worth an answer.
    private var isWorthIt = false
    private var isFirst = true

    mutating func take(_ frame: UnsafeRawBufferPointer, _ head: FrameHead) throws(Problem) -> [ByteBuffer]? {
        if head.type.says("error") { throw Problem(errorFrame: frame) }
        if head.type.says("welcome") { isOpen = true }
        if head.type.says("welcome"), head.resume?.says("exact") == true { return nil }
        frames.append(ByteBuffer(bytes: frame))
        // Everyone who begins to follow is told the turn's place: one who polls would hear the same again and again.
        if !isFirst || !head.type.says("queue") { isWorthIt = true }
        return nil
    }

    mutating func pause() -> [ByteBuffer]? {
        isFirst = false
        return isWorthIt || isHurried ? frames : nil
    }

    mutating func hurry() -> [ByteBuffer]? {
        // A session that is still being read is waited for: an empty answer would say that nothing has happened.
        isHurried = true
        return isOpen ? frames : nil
    }

    mutating func quiesce() -> [ByteBuffer]? {
        frames + [
            Answer.goingAway(reason: "restarting", reconnectAfter: ChatConnectionBounds.reconnectAfter).frame(ref: nil)
        ]
    }
}
