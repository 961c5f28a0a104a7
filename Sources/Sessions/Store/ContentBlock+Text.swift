import Conversation

extension [ContentBlock] {
    /// The first text block's text.
    package var firstText: String? {
        for case .text(let text) in self { return text }
        return nil
    }

    /// What a person sees as text: all text blocks, a line break between two.
    package var visibleText: String {
        compactMap { if case .text(let text) = $0 { text } else { nil } }.joined(separator: "\n")
    }

    /// What of it a search looks at: its first 100,000 Unicode scalars, the most that a user can say at once. A reply that runs
    /// on would cost the index more than it cost to stream.
    package var searchedText: String { visibleText.firstScalars(100_000) }
}
