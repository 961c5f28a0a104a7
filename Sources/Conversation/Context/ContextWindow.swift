/// Which of the newest turns are sent where not all can be.
///
/// The window grows turn by turn until the bound is reached, then drops old turns down to the last `turns`, or as few as fill
/// half of the bound, and grows again. So its beginning moves seldom, and a provider's cache serves it in between. Where it
/// stands follows from the path alone: the growth is gone through again from the first turn for each plan.
struct ContextWindow {
    /// Turns: how many of the newest are left when old ones are dropped, at most.
    var turns: Int
    /// Turns: how many of the newest are sent even beyond the budget.
    var minimumTurns: Int
    /// Tokens: the budget and the model's own limit; nil: none.
    var budget: Int?
    var limit: Int?
    var clearing: ResultClearing

    /// What the window takes of some exchanges.
    struct Fit: Hashable {
        /// The first exchange that is sent.
        var start: Int
        /// Tokens, of the exchanges that are sent.
        var tokens: Double
    }

    /// - Parameters:
    ///   - before: what else is in the prompt; its `raw` counts towards where the window stands.
    ///   - clearedBefore: how many turns of the session precede the first of `exchanges`.
    /// - Throws: `messageTooLong`.
    func fit(
        _ exchanges: [Exchange], beside other: Exchange.Size, steadyScale: Double, turnsBefore: Int = 0
    ) throws(ContextError) -> Fit {
        guard let last = exchanges.indices.last else { return Fit(start: 0, tokens: 0) }
        let sums = Sums(exchanges, clearing: self.clearing, turnsBefore: turnsBefore)
        var start = 0
        if let bound = [self.budget, self.limit].compactMap({ $0 }).min() {
            // The cut is found by steady numbers. Where the exact ones are larger, it is found again by larger ones.
            var scale = steadyScale
            for _ in 0..<Self.attempts {
                start = self.start(sums, bound: bound, otherRaw: other.raw, scale: scale)
                let isLeast = last - start + 1 <= self.minimumTurns
                if isLeast || other.tokens + sums.size(from: start, to: last).tokens <= Double(bound) { break }
                scale *= Self.attemptFactor
            }
        }
        if let limit {
            while start < last, other.tokens + sums.size(from: start, to: last).tokens > Double(limit) { start += 1 }
            let tokens = other.tokens + sums.size(from: start, to: last).tokens
            guard tokens <= Double(limit) else {
                throw .messageTooLong(tokens: Int(tokens.rounded(.up)), limit: limit)
            }
        }
        return Fit(start: start, tokens: sums.size(from: start, to: last).tokens)
    }

    /// Each attempt takes all numbers for a fifth larger; after twelve, for nine times as large, which no text is.
    private static let attempts = 12
    private static let attemptFactor = 1.2

    private func start(_ sums: Sums, bound: Int, otherRaw: Int, scale: Double) -> Int {
        func tokens(_ start: Int, _ end: Int) -> Double {
            Double(sums.size(from: start, to: end).raw + otherRaw) * scale
        }
        var start = 0
        for end in 0..<sums.count where tokens(start, end) > Double(bound) {
            var cut = end
            while cut > start, end - cut + 2 <= self.turns, tokens(cut - 1, end) <= Double(bound) / 2 { cut -= 1 }
            start = max(start, min(cut, end - self.minimumTurns + 1))
        }
        return start
    }
}

extension ContextWindow {
    /// Sums over exchanges, so that the size of any stretch is known at once.
    private struct Sums {
        private var full: [Exchange.Size] = [Exchange.Size()]
        private var cleared: [Exchange.Size] = [Exchange.Size()]
        private var questions: [Exchange.Size]
        private var replies: [Exchange.Size]
        private let clearing: ResultClearing
        private let turnsBefore: Int

        init(_ exchanges: [Exchange], clearing: ResultClearing, turnsBefore: Int) {
            self.clearing = clearing
            self.turnsBefore = turnsBefore
            self.questions = exchanges.map(\.questionSize)
            self.replies = exchanges.map(\.replySize)
            for (index, exchange) in exchanges.enumerated() {
                self.full.append(self.full[index] + self.questions[index] + self.replies[index])
                self.cleared.append(self.cleared[index] + self.questions[index] + exchange.clearedReplySize)
            }
        }

        var count: Int { self.questions.count }

        /// The size of a prompt's messages when `end` was the newest turn: its reply counts only where there is one already
        /// and nothing follows.
        func size(from start: Int, to end: Int) -> Exchange.Size {
            let cleared = self.clearing.clearedTurns(of: self.turnsBefore + end + 1) - self.turnsBefore
            let middle = min(max(cleared, start), end)
            let newest = end == self.count - 1 ? self.questions[end] + self.replies[end] : self.questions[end]
            return self.cleared[middle] - self.cleared[start] + self.full[end] - self.full[middle] + newest
        }
    }
}
