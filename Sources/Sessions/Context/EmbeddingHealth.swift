import Logging
import NIOConcurrencyHelpers

/// Whether the embedding model answers, so that its failure is logged once and not with every turn.
final class EmbeddingHealth: Sendable {
    private let isFailing = NIOLockedValueBox(false)

    func worked() { isFailing.withLockedValue { $0 = false } }

    func failed(_ error: any Error, logger: Logger) {
        let wasFailing = isFailing.withLockedValue { isFailing in
            defer { isFailing = true }
            return isFailing
        }
        logger.log(
            level: wasFailing ? .debug : .warning,
            "the embedding model does not answer; older messages are found by their words only",
            metadata: ["error": "\(error)"])
    }
}
