import JSON

/// One turn's reply as a whole.
struct ReplyGathering: FrameGathering {
    struct Reply: Sendable {
        var text: String
        var ending: TurnEnding
        var turnCount: Int?
    }

    enum Outcome: Sendable {
        case reply(Reply)
        /// The command was said before; its turn may have ended before it was said again.
        case repeated(turn: String)
    }

    private var watch: TurnWatch
    /// The id of the `stats` that was said behind the command.
    private let statsRef: String
    private var reply = ReplyText()
    private var text = ""
    private var turnCount: Int?

    init(ref: String, statsRef: String) {
        watch = TurnWatch(ref: ref)
        self.statsRef = statsRef
    }

    mutating func take(_ frame: UnsafeRawBufferPointer, _ head: FrameHead) throws(Problem) -> Outcome? {
        if head.type.says("stats"), head.ref?.says(statsRef) == true {
            turnCount = (try? JSONValue(parsing: frame))?["turn_count"]?.intValue
        }
        guard watch.take(frame, head) || watch.isOver else { return nil }
        if let piece = reply.take(frame, head) { text += piece }
        switch watch.state {
        case .refused(let problem): throw problem
        case .repeated(let turn): return .repeated(turn: turn)
        case .ended(let ending): return .reply(Reply(text: text, ending: ending, turnCount: turnCount))
        case .waiting, .accepted: return nil
        }
    }
}
