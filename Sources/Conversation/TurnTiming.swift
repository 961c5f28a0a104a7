/// How long a turn took.
package struct TurnTiming: Hashable, Sendable {
    /// From the turn's start to the first block; nil where none came.
    package var timeToFirstToken: Duration?
    /// From the turn's start to its end; zero for a turn that never started.
    package var duration: Duration
    /// Output tokens by the time from the first block to the end; nil where that cannot be said.
    package var tokensPerSecond: Double?

    package init(timeToFirstToken: Duration? = nil, duration: Duration = .zero, tokensPerSecond: Double? = nil) {
        self.timeToFirstToken = timeToFirstToken
        self.duration = duration
        self.tokensPerSecond = tokensPerSecond
    }
}
