/// Decides what of a session's history a model gets to see. A policy is a pure function: the same path and settings give
/// the same plan.
package protocol ContextPolicy: Sendable {
    /// The name by which settings choose it: 1 to 64 characters of `A-Z a-z 0-9 _ -`.
    static var name: String { get }

    /// - Parameter path: the messages from the session's first to the one to be answered, oldest first.
    func plan(for path: [Message], settings: SessionSettings) -> ContextPlan
}
