/// Counts the tokens of a session's prompts for one model: exactly where the provider has said, by a calibrated estimate for
/// the rest.
///
/// Each report is spread over what was new in that prompt, so that any later prompt made of the same messages adds up to
/// what the provider said. A value: a session keeps one and makes another when its model changes.
package struct TokenEstimator: Hashable, Sendable {
    private struct Count: Hashable {
        /// By `TokenEstimate`: tells whether the content is still what was counted.
        var raw: Int
        var tokens: Double
    }

    /// Messages. Their counts take some 100 bytes each; a session that has more learns the calibration only.
    static let countedMessages = 10_000
    /// Tokens by `TokenEstimate`: shorter prompts say more of a provider's hidden frame than of its tokeniser.
    static let telling = 200

    /// Tokens that a provider may put before a prompt without our knowledge: instructions for tools take some hundreds.
    static let hiddenTokens = 20_000.0

    package let model: String
    package private(set) var calibration: TokenCalibration
    private var heads: [Int: Double] = [:]
    private var counts: [String: Count] = [:]

    /// - Parameter calibration: what is known of the model, from other sessions.
    package init(model: String, calibration: TokenCalibration = TokenCalibration()) {
        self.model = model
        self.calibration = calibration.forOneSession
    }

    /// The tokens of a message, `raw` of them by `TokenEstimate`.
    func tokens(in message: Message, raw: Int) -> Double {
        if let count = self.counts[message.id], count.raw == raw { return count.tokens }
        return Double(raw) * self.calibration.scale
    }

    /// The tokens of what precedes the messages.
    func tokens(in head: PromptHead) -> Double {
        self.heads[head.fingerprint] ?? Double(head.rawTokens) * self.calibration.scale
    }

    /// The tokens of a whole prompt.
    package func tokens(in messages: [Message], head: PromptHead) -> Int {
        let sum = messages.reduce(self.tokens(in: head)) {
            $0 + self.tokens(in: $1, raw: TokenEstimate.tokens(in: $1))
        }
        return Int(sum.rounded())
    }

    /// Learns what the provider counted for a plan's prompt: for a turn with tools, for its first call alone.
    ///
    /// - Parameter tokens: of the whole prompt: `inputTokens + cacheReadTokens + cacheWriteTokens`.
    @discardableResult
    package mutating func learn(_ plan: ContextPlan, reported tokens: Int) -> TokenLesson {
        guard tokens > 0, self.isBelievable(tokens, for: plan) else { return TokenLesson(error: 0, raw: 0, tokens: 0) }
        var lesson = TokenLesson(error: 0, raw: 0, tokens: 0)
        lesson.error = Double(self.tokens(in: plan.messages, head: plan.head) - tokens) / Double(tokens)
        let sizes = plan.messages.map { (id: $0.id, raw: TokenEstimate.tokens(in: $0)) }
        let new = sizes.filter { self.counts[$0.id]?.raw != $0.raw }
        let rawNew = new.reduce(0) { $0 + $1.raw }
        let known = sizes.reduce(0.0) { sum, size in
            if let count = self.counts[size.id], count.raw == size.raw { sum + count.tokens } else { sum }
        }
        let total = Double(tokens)
        if let head = self.heads[plan.head.fingerprint] {
            let rest = total - head - known
            let expected = Double(rawNew) * self.calibration.scale
            // What cannot be the new text's belongs to the head: its count was a first guess.
            let share = min(max(rest, expected * 0.5), expected * 2)
            self.count(new, share: share, raw: rawNew)
            (lesson.raw, lesson.tokens) = (rawNew, share)
            self.calibration.observe(lesson)
            self.heads[plan.head.fingerprint] = max(0, head + rest - share)
        } else {
            let raw = rawNew + plan.head.rawTokens
            if raw >= Self.telling, known == 0 {
                (lesson.raw, lesson.tokens) = (raw, total)
                self.calibration.observe(lesson)
            }
            // The provider's frame, unseen by us, goes to the head.
            let share = min(Double(rawNew) * self.calibration.scale, max(0, total - known))
            self.count(new, share: share, raw: rawNew)
            self.heads[plan.head.fingerprint] = max(0, total - known - share)
        }
        return lesson
    }

    /// Whether a prompt could have as many tokens: a number that a faulty server made up must not make every prompt too long.
    private func isBelievable(_ tokens: Int, for plan: ContextPlan) -> Bool {
        let raw = plan.messages.reduce(plan.head.rawTokens) { $0 + TokenEstimate.tokens(in: $1) }
        return Double(tokens) <= Double(raw) * TokenCalibration.scaleBounds.upperBound + Self.hiddenTokens
    }

    private mutating func count(_ new: [(id: String, raw: Int)], share: Double, raw: Int) {
        guard raw > 0, self.counts.count + new.count <= Self.countedMessages else { return }
        for message in new {
            self.counts[message.id] = Count(raw: message.raw, tokens: share * Double(message.raw) / Double(raw))
        }
    }
}
