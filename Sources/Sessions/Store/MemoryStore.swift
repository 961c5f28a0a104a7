import NIOConcurrencyHelpers

/// A store that keeps nothing beyond the process: sessions hold their own history in memory, and this one only guards the
/// rule that an older owner may not write.
package final class MemoryStore: SessionStore {
    private let terms = NIOLockedValueBox<[String: Int]>([:])

    package init() {}

    package func write(
        _ commit: SessionCommit, completion: @escaping @Sendable (Result<Void, SessionStoreError>) -> Void
    ) {
        let outdated = terms.withLockedValue { terms -> Int? in
            if let current = terms[commit.session], current > commit.ownerTerm { return current }
            terms[commit.session] = commit.ownerTerm
            return nil
        }
        completion(outdated.map { .failure(.outdatedTerm(current: $0)) } ?? .success(()))
    }
}
