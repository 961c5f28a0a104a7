import JSON

/// What a `turn.done` says.
struct TurnEnding: Equatable, Sendable {
    var turn: String
    var status: String
    var usage: JSONValue
    var error: JSONValue?

    init(turn: String, status: String, usage: JSONValue, error: JSONValue? = nil) {
        self.turn = turn
        self.status = status
        self.usage = usage
        self.error = error
    }

    /// Nil where that is no `turn.done`.
    init?(_ frame: UnsafeRawBufferPointer) {
        guard let frame = try? JSONValue(parsing: frame), frame["type"]?.stringValue == "turn.done",
            let turn = frame["turn"]?.stringValue, let status = frame["status"]?.stringValue,
            let usage = frame["usage"]
        else { return nil }
        self.turn = turn
        self.status = status
        self.usage = usage
        error = frame["error"]
    }
}
