import Conversation

/// A stored session's history as it stands in memory.
///
/// Made before it goes to its session's loop: that of 50,000 messages takes a tenth of a second.
struct SessionHistory: Sendable {
    let stored: StoredSession
    private(set) var tree = MessageTree()
    /// By the ids of their commands.
    private(set) var turns: [String: AcceptedTurn] = [:]
    /// What is wrong with it; what could be read is there.
    private(set) var error: MessageTreeError?

    init(_ stored: StoredSession) {
        self.stored = stored
        let messages = Dictionary(stored.messages.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        do throws(MessageTreeError) {
            // Siblings stand in the order in which their turns were accepted.
            for turn in stored.turns.map(\.accepted) {
                if !tree.contains(turn.parent), let message = messages[turn.parent] { try tree.insert(message) }
                try tree.reserve(id: turn.reply, parent: turn.parent)
                if let reply = messages[turn.reply] { try tree.insert(reply) }
                turns[turn.ref] = turn
            }
            if let head = stored.head { try tree.select(head) }
        } catch {
            self.error = error
        }
    }

    /// Reads a session, on no event loop; nil where the store does not have it.
    @concurrent static func read(
        _ id: String, from store: any SessionStore
    ) async throws(SessionStoreError) -> SessionHistory? {
        try await store.session(id).map(SessionHistory.init)
    }
}
