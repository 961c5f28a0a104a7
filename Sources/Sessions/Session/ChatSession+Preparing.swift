import Conversation
import Logging
import Models

// What is looked up for a turn before it starts: older messages that fit its question, and its prompt's exact count. All of it
// has a bound in time, and where it fails the turn starts without it.
extension ChatSession {
    /// Messages of one search, at least: of those that fit best some are in the window anyway.
    private static let rankedMessages = 30

    /// Whether something has to be looked up for a turn. Most turns start without.
    func needsPreparing(_ turn: Turn) -> Bool { needsRankings(turn) || needsCount }

    private var needsCount: Bool { environment.context.countsExactly && environment.provider.countsTokens }

    private func needsRankings(_ turn: Turn) -> Bool {
        let settings = turn.settings.context
        guard settings.policy == Retrieve.name, settings.recall ?? ContextDefaults.recall > 0 else { return false }
        // As long as every turn is sent there is nothing to recall. The reply before the question may be on its way still.
        let messages = 2 * (settings.turns ?? ContextDefaults.turns)
        return tree.path(to: turn.accepted.parent, limit: messages).count == messages
    }

    /// Looks up what a turn needs. The turn is the next to start, and everything before it has ended.
    func lookUp(_ turn: Turn) async {
        if needsRankings(turn) {
            let rankings = await rankings(for: turn)
            guard !Task.isCancelled else { return }
            admission?.rankings = rankings
        }
        if needsCount, !Task.isCancelled { await count(turn) }
    }

    // MARK: Searching

    private func rankings(for turn: Turn) async -> [[String]] {
        guard let question = tree.message(turn.accepted.parent)?.content.visibleText else { return [] }
        let turns = turn.settings.context.turns ?? ContextDefaults.turns
        // What is in the window is passed over: at most one and a half times the turns, two messages each.
        let limit = Self.rankedMessages + 3 * turns
        async let byWords = matches(for: question, limit: limit)
        async let byMeaning = nearest(to: question, limit: limit)
        return await [byWords, byMeaning].filter { !$0.isEmpty }
    }

    private nonisolated func matches(for question: String, limit: Int) async -> [String] {
        do throws(SessionStoreError) {
            return try await environment.store.matches(for: question, in: id, limit: limit)
        } catch {
            environment.logger.warning("search failed", metadata: ["session": "\(id)", "error": "\(error)"])
            return []
        }
    }

    private nonisolated func nearest(to question: String, limit: Int) async -> [String] {
        guard let model = environment.context.embeddings else { return [] }
        do {
            let answer = try await model.vectors(
                of: [question], over: loop.models.transfers, within: environment.context.preparationTime)
            environment.context.embeddingHealth.worked()
            await spent(Usage(inputTokens: answer.tokens), model: model.name)
            guard let vector = answer.vectors.first else { return [] }
            return try await environment.store.nearest(to: vector, model: model.name, in: id, limit: limit)
        } catch {
            environment.context.embeddingHealth.failed(error, logger: environment.logger)
            return []
        }
    }

    // MARK: Counting

    /// Learns the count of the prompt that would be sent; the plan is then made again with it.
    private func count(_ turn: Turn) async {
        let (plan, error) = plan(for: turn)
        guard error == nil else { return }
        let settings = turn.settings
        let request = ModelRequest(
            model: settings.model, system: settings.system.isEmpty ? nil : settings.system, messages: plan.messages,
            tools: turn.tools.descriptions)
        do {
            let tokens = try await environment.provider.countTokens(
                of: request, over: loop.models.transfers, within: environment.context.preparationTime)
            if let tokens { learn(plan, model: settings.model, reported: tokens) }
        } catch {
            environment.logger.info(
                "tokens cannot be counted, the estimate applies",
                metadata: ["session": "\(id)", "model": "\(settings.model)", "error": "\(error)"])
        }
    }
}
