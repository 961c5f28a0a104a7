import ChatProtocol
import NIOCore

/// What a poll gets: everything that there is beyond a place in the log, as soon as there is something. What the client knows
/// already is not in it: the welcome of one who goes on where it was.
struct PollGathering: FrameGathering {
    private var frames: [ByteBuffer] = []
    private var isOpen = false
    private var isHurried = false

    mutating func take(_ frame: UnsafeRawBufferPointer, _ head: FrameHead) throws(Problem) -> [ByteBuffer]? {
        if head.type.says("error") { throw Problem(errorFrame: frame) }
        if head.type.says("welcome") { isOpen = true }
        if !head.type.says("welcome") || head.resume?.says("exact") == false { frames.append(ByteBuffer(bytes: frame)) }
        return nil
    }

    mutating func pause() -> [ByteBuffer]? { frames.isEmpty && !isHurried ? nil : frames }

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
