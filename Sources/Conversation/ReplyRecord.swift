/// What is kept of a reply's turn beside what it said: how long it took, why it failed, and what its prompt had.
///
/// A class that never changes: messages are copied all the time, and few readers want this.
package final class ReplyRecord: Hashable, Sendable {
    /// nil where the turn never ran, or was cut off by the server's own end.
    package let timing: TurnTiming?
    package let error: TurnError?
    /// nil where the turn never ran.
    package let context: ContextFigures?

    package init(timing: TurnTiming? = nil, error: TurnError? = nil, context: ContextFigures? = nil) {
        self.timing = timing
        self.error = error
        self.context = context
    }

    package static func == (left: ReplyRecord, right: ReplyRecord) -> Bool {
        left.timing == right.timing && left.error == right.error && left.context == right.context
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.timing)
        hasher.combine(self.error)
        hasher.combine(self.context)
    }
}
