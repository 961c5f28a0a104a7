/// How far each setting may go. All bounds are inclusive. Texts are counted in Unicode scalars, since one grapheme cluster
/// can be megabytes, with a bound in bytes beside it.
package enum SettingsBounds {
    /// Scalars. A title is one line in a list; 200 is more than a line shows.
    package static let titleScalars = 200
    /// Bytes of UTF-8. Three for each scalar: any script outside of emoji can use the whole length.
    package static let titleBytes = 600
    /// Scalars. The settings travel in one frame of at most 256 KiB, in which the worst scalar takes six bytes.
    package static let systemScalars = 32_000
    /// Bytes of UTF-8. Three for each scalar, as for the title.
    package static let systemBytes = 96_000
    /// Scalars. The longest names in use, with the path of a repository or a file, have about a hundred.
    package static let modelScalars = 1...200
    /// No unit. The OpenAI API takes 0 to 2, Anthropic's 0 to 1 and says so itself.
    package static let temperature = 0.0...2.0
    /// Tokens. A million is above what any model writes in one reply; the provider knows the model's own limit.
    package static let maxTokens = 1...1_000_000
    /// Names. Models choose badly among more, and the descriptions are paid for in each prompt.
    package static let tools = 64
    /// Turns. Zero would send nothing to answer; a thousand is beyond every context window.
    package static let turns = 1...1_000
    /// Tokens. Below 256 not even a question fits; no context window has more than ten million.
    package static let budgetTokens = 256...10_000_000
    /// Turns, as `turns`: one is the newest message alone.
    package static let minimumTurns = 1...1_000
    /// Exchanges. Fifty fill any budget; zero recalls nothing.
    package static let recall = 0...50
    /// Turns. Zero: tools' results are never cut.
    package static let clearToolResultsAfter = 0...1_000
}
