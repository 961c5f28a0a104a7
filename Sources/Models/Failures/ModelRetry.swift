/// A call to a model has failed before it said anything, and is made again.
package struct ModelRetry: Hashable, Sendable {
    /// Which retry of this call it is, from 1, the fallback's among them.
    package var attempt: Int
    /// How long it waits before it starts.
    package var delay: Duration
    /// The model that is asked.
    package var model: String
    /// The model is another one than before: later calls of the same turn do best to begin with it.
    package var isFallback: Bool
    /// Why the call before failed.
    package var error: ModelError

    package init(attempt: Int, delay: Duration, model: String, isFallback: Bool, error: ModelError) {
        self.attempt = attempt
        self.delay = delay
        self.model = model
        self.isFallback = isFallback
        self.error = error
    }
}
