/// Which turns are old enough for their tool results to be cut to a line.
///
/// A turn's results are cleared in groups of half of `after`: clearing changes the prompt's prefix, and a provider's cache
/// should be good for more than one turn.
struct ResultClearing: Hashable, Sendable {
    /// Turns: how many of the newest keep their results at least; nil: all.
    var after: Int?

    /// How many of the first turns are cleared while so many are sent, counted from the session's first.
    func clearedTurns(of count: Int) -> Int {
        guard let after, count > after else { return 0 }
        let step = max(1, after / 2)
        return (count - after) / step * step
    }
}
