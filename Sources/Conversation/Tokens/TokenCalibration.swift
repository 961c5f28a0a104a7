/// How a model's own token counts compare with `TokenEstimate`: learned from what the provider reported, shared by every
/// session that uses the model, and small enough to be stored.
package struct TokenCalibration: Hashable, Sendable {
    /// Tokens: a prior at a scale of 1, so that one odd short message does not set the scale.
    static let priorTokens = 100.0
    /// Tokens: what the sessions of a model have learned together weighs no more in a new one, which may be in another
    /// language.
    static let sharedTokens = 300.0
    /// Tokens: what is remembered. Beyond it older counts weigh less and less, as a model's tokeniser may change behind its
    /// name.
    static let memoryTokens = 200_000.0
    /// No text in use has a scale outside of these.
    package static let scaleBounds = 0.4...4.0

    /// Tokens seen, by `TokenEstimate` and by the provider.
    package private(set) var estimated: Double
    package private(set) var reported: Double
    /// The scale by which policies decide where to cut. It follows `scale` in jumps and stays above it, so that a cut does
    /// not move back and forth with every report.
    package private(set) var steadyScale: Double

    package init() {
        self.estimated = 0
        self.reported = 0
        self.steadyScale = 1
    }

    /// What was stored of another one; numbers that cannot be right count as nothing.
    package init(estimated: Double, reported: Double, steadyScale: Double) {
        self.init()
        guard estimated.isFinite, reported.isFinite, estimated >= 0, reported >= 0 else { return }
        self.estimated = estimated
        self.reported = reported
        if Self.scaleBounds.contains(steadyScale) { self.steadyScale = steadyScale }
        self.steady()
    }

    /// What a session begins with of what all have learned.
    package var forOneSession: TokenCalibration {
        guard self.estimated > Self.sharedTokens else { return self }
        let part = Self.sharedTokens / self.estimated
        return TokenCalibration(
            estimated: self.estimated * part, reported: self.reported * part, steadyScale: self.steadyScale)
    }

    /// The provider's tokens for one of `TokenEstimate`'s.
    package var scale: Double {
        let scale = (self.reported + Self.priorTokens) / (self.estimated + Self.priorTokens)
        return min(max(scale, Self.scaleBounds.lowerBound), Self.scaleBounds.upperBound)
    }

    package mutating func observe(_ lesson: TokenLesson) {
        guard lesson.raw > 0, lesson.tokens > 0 else { return }
        self.estimated += Double(lesson.raw)
        self.reported += lesson.tokens
        if self.estimated > Self.memoryTokens {
            self.estimated /= 2
            self.reported /= 2
        }
        self.steady()
    }

    private mutating func steady() {
        // A tenth above what was measured, and moved only when that is used up or a quarter too much.
        if self.scale > self.steadyScale || self.scale < self.steadyScale * 0.75 {
            self.steadyScale = self.scale * 1.1
        }
    }
}
