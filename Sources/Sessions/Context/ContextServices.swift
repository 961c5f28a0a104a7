package import Models

/// What sessions choose their prompts with, beside their own messages.
package struct ContextServices: Sendable {
    package var windows = ModelWindows()
    /// Whether the provider is asked before each turn how many tokens its prompt has, where it can say.
    package var countsExactly = false
    /// The model that writes summaries; nil: the session's own.
    package var summaryModel: String?
    /// Finds messages by their meaning; nil: they are found by their words only.
    package var embeddings: EmbeddingModel?
    /// How long a turn waits for what is looked up for it. 3 s: an embedding or a count takes some 100 ms, and a person who
    /// waits for an answer waits for this as well.
    package var preparationTime = Duration.seconds(3)
    /// How long a background call may take: a summary, or the vectors of some messages. 5 minutes: local models are slow.
    package var backgroundTime = Duration.seconds(300)
    let embeddingHealth = EmbeddingHealth()
    let backgroundCalls = BackgroundCalls()
    let calibrations = TokenCalibrations()

    package init() {}
}
