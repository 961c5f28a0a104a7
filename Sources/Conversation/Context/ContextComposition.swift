/// What the policies share: an input made into exchanges, and a stretch of them made into a plan.
struct ContextComposition {
    let input: ContextInput
    let exchanges: [Exchange]
    let head: PromptHead
    let clearing: ResultClearing

    init(_ input: ContextInput) {
        self.input = input
        let after = input.settings.context.clearToolResultsAfter ?? 0
        self.clearing = ResultClearing(after: after > 0 ? after : nil)
        self.exchanges = Exchange.exchanges(of: input.path, input.estimator, clears: after > 0)
        self.head = PromptHead(system: input.settings.system, tools: input.tools)
    }

    var headSize: Exchange.Size {
        Exchange.Size(raw: self.head.rawTokens, tokens: self.input.estimator.tokens(in: self.head))
    }

    func size(of message: Message) -> Exchange.Size {
        let sized = Exchange.Sized(message, self.input.estimator)
        return Exchange.Size(raw: sized.raw, tokens: sized.tokens)
    }

    var turns: Int { self.input.settings.context.turns ?? ContextDefaults.turns }
    var minimumTurns: Int { min(self.input.settings.context.minimumTurns ?? ContextDefaults.minimumTurns, self.turns) }
    var budget: Int { self.input.settings.context.budgetTokens ?? ContextDefaults.budgetTokens }

    func window(turns: Int? = nil, minimumTurns: Int? = nil, budget: Int?) -> ContextWindow {
        ContextWindow(
            turns: turns ?? self.turns, minimumTurns: minimumTurns ?? self.minimumTurns, budget: budget,
            limit: self.input.promptLimitTokens, clearing: self.clearing)
    }

    /// The messages of the exchanges from `start` on, old tool results cleared.
    func messages(from start: Int) -> [Message] {
        let cleared = self.clearing.clearedTurns(of: self.exchanges.count)
        return self.exchanges.indices[start...].flatMap {
            self.exchanges[$0].messages(cleared: $0 < min(cleared, self.exchanges.count - 1))
        }
    }

    /// A plan of the exchanges from `start` on, with a message before them and one before the newest.
    func plan(
        _ policy: String, from start: Int, before: Message? = nil, summarised: Int = 0, recall: Message? = nil,
        recalled: Int = 0, tokens: Double, budget: Int?
    ) -> ContextPlan {
        let window = self.messages(from: start)
        let dropped =
            self.exchanges[..<start].reduce(self.input.earlierMessages) { $0 + $1.messageCount } - summarised - recalled
        var messages = (before.map { [$0] } ?? []) + window
        var stable = messages.count
        if let recall, let newest = self.exchanges.last {
            stable -= newest.messageCount
            messages.insert(recall, at: stable)
        }
        return ContextPlan(
            messages: messages, policy: policy, sentMessages: window.count, droppedMessages: dropped,
            summarisedMessages: summarised, recalledMessages: recalled, estimatedTokens: Int(tokens.rounded()),
            budgetTokens: [budget, self.input.promptLimitTokens].compactMap(\.self).min(), stableMessages: stable,
            head: self.head)
    }
}
