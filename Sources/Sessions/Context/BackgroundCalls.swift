import NIOConcurrencyHelpers

/// Bounds what sessions ask of models between turns, so that the provider's limits are left to the turns.
final class BackgroundCalls: Sendable {
    /// Calls at once in the process. 8: a summary takes some seconds and is wanted once in several turns.
    private static let limit = 8

    private let count = NIOLockedValueBox(0)

    /// - Returns: false where there are as many as there may be; whoever asks does so again after the next turn.
    func begin() -> Bool {
        count.withLockedValue { count in
            guard count < Self.limit else { return false }
            count += 1
            return true
        }
    }

    func end() { count.withLockedValue { $0 -= 1 } }
}
