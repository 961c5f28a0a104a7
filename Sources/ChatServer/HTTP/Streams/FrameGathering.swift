/// What of a session's frames makes one whole response.
protocol FrameGathering: Sendable {
    associatedtype Outcome: Sendable

    /// Takes a frame. Returns the response, if that is all.
    mutating func take(_ frame: UnsafeRawBufferPointer, _ head: FrameHead) throws(Problem) -> Outcome?

    /// All frames of one delivery have been taken.
    mutating func pause() -> Outcome?

    /// What was said has been carried out, and nothing more comes of it; where that is waited for.
    mutating func answered() throws(Problem) -> Outcome?

    /// The time is up; nil: it goes on.
    mutating func hurry() -> Outcome?

    /// The server is about to end; nil: it goes on.
    mutating func quiesce() -> Outcome?
}

extension FrameGathering {
    mutating func pause() -> Outcome? { nil }
    mutating func answered() throws(Problem) -> Outcome? { nil }
    mutating func hurry() -> Outcome? { nil }
    mutating func quiesce() -> Outcome? { nil }
}
