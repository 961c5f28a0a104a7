import ChatProtocol
import Conversation
import Models

// What the session's turns use: counted when they end, and bounded when the next one is asked for.
extension ChatSession {
    /// - Throws: `quota_exceeded` where the session or its owner has used up what they may today. What runs may end.
    func admitSpending() throws(CommandError) {
        let now = Self.now
        let day = UTCDay.number(at: now)
        try environment.limits.spending.admit(
            session: spending.spent(on: day), user: environment.ledger.spent(by: owner, on: day), at: now)
    }

    /// Why a turn that waited may not start any more.
    func spendingProblem() -> TurnError? {
        do throws(CommandError) {
            try admitSpending()
            return nil
        } catch {
            return TurnError(
                error.code, message: error.message, retryable: error.retryable, retryAfter: error.retryAfter)
        }
    }

    /// Counts what calls to a model used.
    ///
    /// - Returns: what is to be saved of it, with whatever tells that the calls are over.
    func spend(_ usage: Usage?, on model: String?) -> [SessionChange] {
        guard let usage else { return [] }
        environment.metrics.used(usage, model: model)
        let counts = [usage.inputTokens, usage.outputTokens, usage.cacheReadTokens, usage.cacheWriteTokens]
        let spent = Spending(
            tokens: counts.reduce(Spending()) { $0 + Spending(tokens: $1) }.tokens,
            microdollars: model.flatMap { environment.prices[$0] }?.microdollars(for: usage) ?? 0)
        guard spent != Spending() else { return [] }
        let day = UTCDay.number(at: Self.now)
        spending.add(spent, on: day)
        environment.ledger.add(spent, of: owner, on: day)
        return [.spent(day: day, spent)]
    }

    /// What replies cost, in microdollars; nil where the price of one of their models is not known.
    func cost(of replies: [Message]) -> Int? {
        var sum = Spending()
        for reply in replies {
            guard let usage = reply.usage, let model = reply.model else { continue }
            guard let price = environment.prices[model] else { return nil }
            sum = sum + Spending(microdollars: price.microdollars(for: usage))
        }
        return environment.prices.isEmpty ? nil : sum.microdollars
    }
}
