import JSON

/// The end of a turn that was accepted before; at once where it neither runs nor waits.
struct EndGathering: FrameGathering {
    let turn: String
    private var runs = false

    init(turn: String) { self.turn = turn }

    mutating func take(_ frame: UnsafeRawBufferPointer, _ head: FrameHead) throws(Problem) -> Bool? {
        switch true {
        case head.type.says("error"): throw Problem(errorFrame: frame)
        case head.type.says("welcome"):
            runs = (try? JSONValue(parsing: frame))?["turn"]?.stringValue == turn
            return nil
        case head.type.says("snapshot"):
            let queued = (try? JSONValue(parsing: frame))?["queued"]?.arrayValue ?? []
            return runs || queued.contains { $0["turn"]?.stringValue == turn } ? nil : true
        case head.type.says("turn.done"): return head.turn?.says(turn) == true ? true : nil
        default: return nil
        }
    }
}
