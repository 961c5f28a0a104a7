import JSON

/// The frames that a command causes: its answers, and the events that carry its id. A refusal is a `Problem`.
struct CommandGathering: FrameGathering {
    let ref: String
    private var frames: [JSONValue] = []

    init(ref: String) { self.ref = ref }

    mutating func take(_ frame: UnsafeRawBufferPointer, _ head: FrameHead) throws(Problem) -> [JSONValue]? {
        if head.type.says("error") { throw Problem(errorFrame: frame) }
        if head.ref?.says(ref) == true, let frame = try? JSONValue(parsing: frame) { frames.append(frame) }
        return nil
    }

    mutating func answered() throws(Problem) -> [JSONValue]? { frames }
}
