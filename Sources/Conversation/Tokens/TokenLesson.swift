/// What one report of a provider taught.
package struct TokenLesson: Hashable, Sendable {
    /// How far off the estimate was, as a part of what was reported: 0.1 is a tenth too many, -0.1 a tenth too few.
    package var error: Double
    /// A text's tokens by `TokenEstimate`, and by the provider; zeros where the report told nothing of the kind.
    package var raw: Int
    package var tokens: Double

    package init(error: Double, raw: Int, tokens: Double) {
        self.error = error
        self.raw = raw
        self.tokens = tokens
    }
}
