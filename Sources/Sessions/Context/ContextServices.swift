package import Models

/// What sessions choose their prompts with, beside their own messages.
package struct ContextServices: Sendable {
    package var windows = ModelWindows()
    /// Whether the provider is asked before each turn how many tokens its prompt has, where it can say.
    package var countsExactly = false
    /// The model that writes summaries, and titles; nil: summaries are written by the session's own, and titles are made from
    /// the person's first words.
    package var summaryModel: String?
    /// Finds messages by their meaning; nil: they are found by their words only.
    package var embeddings: EmbeddingModel?
    /// How long a turn waits for what is looked up for it. 3 s: an embedding or a count takes some 100 ms, and a person who
    /// waits for an answer waits for this as well.
    package var preparationTime = Duration.seconds(3)
    /// How long a background call may take: a summary, or the vectors of some messages. 5 minutes: local models are slow.
    package var backgroundTime = Duration.seconds(300)
    /// How long a model may take for a title. 1 minute: it is a few words, and meanwhile the session has none.
    package var titleTime = Duration.seconds(60)
    let embeddingHealth = EmbeddingHealth()
    let backgroundCalls = BackgroundCalls()
    let calibrations = TokenCalibrations()

    package init() {}
}
