/// Why there is no plan.
package enum ContextError: Error, Hashable, Sendable {
    /// The newest message does not fit the model's window, even with nothing but the system prompt and the tools before it.
    /// In the protocol: `message_too_long`.
    ///
    /// - Parameters:
    ///   - tokens: what that prompt would take.
    ///   - limit: tokens; the window less what the reply may take.
    case messageTooLong(tokens: Int, limit: Int)
}

extension ContextError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .messageTooLong(let tokens, let limit):
            "The message is too long for the model: with the system prompt and the tools it has about \(tokens) tokens, and \(limit) fit beside a reply."
        }
    }
}
