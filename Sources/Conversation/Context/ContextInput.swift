/// Everything that a policy decides by, looked up beforehand: a policy does no I/O.
package struct ContextInput: Sendable {
    /// The messages from the session's first to the one to be answered, oldest first.
    package var path: [Message]
    /// How many messages before those are not looked at.
    package var earlierMessages = 0
    package var settings: SessionSettings
    /// Tokens: what the model reads and writes at most; nil: unknown, and nothing is refused for its length.
    package var windowTokens: Int?
    /// Tokens: what of the window is kept for the reply. nil: `settings.maxTokens`, else
    /// `ContextDefaults.replyTokens`.
    package var replyTokens: Int?
    /// The tools that the model is told of.
    package var tools: [ToolDescription]
    package var estimator: TokenEstimator
    /// Every running summary of the session, in the order in which they were made: those of other branches too. The one that
    /// covers most of the path is used.
    package var summaries: [RunningSummary]
    /// Ids of older messages that fit the newest, best first: one list for each way of searching (by words, by meaning).
    /// Messages of other branches are passed over.
    package var rankings: [[String]]

    package init(
        path: [Message], settings: SessionSettings, windowTokens: Int? = nil, replyTokens: Int? = nil,
        tools: [ToolDescription] = [], estimator: TokenEstimator? = nil, summaries: [RunningSummary] = [],
        rankings: [[String]] = []
    ) {
        self.path = path
        self.settings = settings
        self.windowTokens = windowTokens
        self.replyTokens = replyTokens
        self.tools = tools
        self.estimator = estimator ?? TokenEstimator(model: settings.model)
        self.summaries = summaries
        self.rankings = rankings
    }

    /// Tokens: the longest prompt that leaves the reply its room; nil: unknown. Where nobody has said how long a reply may
    /// be, at most a quarter of the window is kept for it: a small model would have no room for a question otherwise.
    package var promptLimitTokens: Int? {
        guard let windowTokens else { return nil }
        let reply = self.replyTokens ?? self.settings.maxTokens ?? min(ContextDefaults.replyTokens, windowTokens / 4)
        return max(0, windowTokens - reply)
    }
}
