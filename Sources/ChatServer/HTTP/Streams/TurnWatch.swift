import JSON

/// Knows of all that a follower is sent what belongs to the turn of one command, and when that has ended.
struct TurnWatch {
    enum State: Equatable {
        /// The command is not carried out yet.
        case waiting
        case accepted(turn: String)
        /// It was said before, and had this turn then, which may have ended.
        case repeated(turn: String)
        case refused(Problem)
        case ended(TurnEnding)
    }

    /// The command's id.
    private let ref: String
    private(set) var state = State.waiting

    init(ref: String) { self.ref = ref }

    /// The command's turn, once it has one.
    var turn: String? {
        switch state {
        case .accepted(let turn), .repeated(let turn): turn
        case .ended(let ending): ending.turn
        case .waiting, .refused: nil
        }
    }

    var isOver: Bool {
        switch state {
        case .refused, .ended: true
        case .waiting, .accepted, .repeated: false
        }
    }

    /// Takes a frame.
    ///
    /// - Returns: whether it belongs to the turn.
    mutating func take(_ frame: UnsafeRawBufferPointer, _ head: FrameHead) -> Bool {
        switch state {
        case .waiting:
            if head.type.says("error") {
                state = .refused(Problem(errorFrame: frame))
                return false
            }
            guard head.type.says("message"), head.ref?.says(ref) == true else {
                return head.type.says("welcome") || head.type.says("going_away")
            }
            let turn = (try? JSONValue(parsing: frame))?["message"]?["turn"]?.stringValue ?? ""
            state = head.isReplay ? .repeated(turn: turn) : .accepted(turn: turn)
            return true
        case .accepted(let turn), .repeated(let turn):
            if head.type.says("going_away") { return true }
            guard head.turn?.says(turn) == true || (head.turn == nil && head.ref?.says(ref) == true) else {
                return false
            }
            if head.type.says("turn.done"), let ending = TurnEnding(frame) { state = .ended(ending) }
            return true
        case .refused, .ended:
            return false
        }
    }
}
