import NIOConcurrencyHelpers

/// Anthropic's prompt cache (platform.claude.com/docs, "Prompt caching"): what a mark ends is kept, and read again by a request
/// that begins with it.
final class PromptCache: Sendable {
    struct Counts {
        /// Tokens behind the last mark, of what was kept, and of what is kept from now on.
        var input: Int
        var read = 0
        var written = 0
    }

    /// Marks in a request at most, blocks before a mark that are looked up, and tokens that are worth keeping.
    private static let markLimit = 4
    private static let lookback = 20
    private static let leastTokens = 1_024

    private let kept = NIOLockedValueBox<Set<Int>>([])

    /// - Returns: nil where the API would refuse the request.
    func counts(of prompt: Prompt) -> Counts? {
        let pieces = prompt.pieces
        let marks = pieces.indices.filter { pieces[$0].endsCache }
        guard marks.count <= Self.markLimit else { return nil }
        guard let last = marks.last else { return Counts(input: prompt.tokens) }
        return kept.withLockedValue { kept in
            let found = marks.compactMap { mark in
                (max(0, mark - Self.lookback)...mark).last { kept.contains(pieces[$0].fingerprint) }
            }.max()
            let read = found.map { pieces[$0].tokens } ?? 0
            for mark in marks where pieces[mark].tokens >= Self.leastTokens { kept.insert(pieces[mark].fingerprint) }
            let end = pieces[last].tokens >= Self.leastTokens ? pieces[last].tokens : 0
            return Counts(
                input: prompt.tokens - max(end, read), read: read, written: max(0, end - read))
        }
    }
}
