package enum SessionStoreError: Error, Hashable, Sendable {
    /// Another owner has taken the session over.
    case outdatedTerm(current: Int)
    /// The store cannot be read or written now: what the system said.
    case unavailable(String)
    /// The commit does not fit what is stored, such as a turn's end without the turn.
    case inconsistent(String)
}

/// Where sessions are kept.
package protocol SessionStore: Sendable {
    /// Makes a commit durable. Never waits: `completion` is called once, on any thread, possibly before this returns, and for
    /// one session in the order of its commits.
    ///
    /// A commit that fails leaves the session as it was before it, and every other session untouched.
    func write(
        _ commit: SessionCommit, completion: @escaping @Sendable (Result<Void, SessionStoreError>) -> Void)

    /// A session, whole; nil where there is none.
    func session(_ id: String) async throws(SessionStoreError) -> StoredSession?

    /// The session that the owner's `open` with this id made, if any, and how many sessions the owner has.
    func sessions(of owner: Owner, createdBy ref: String?) async throws(SessionStoreError) -> (
        made: String?, count: Int
    )

    /// The ids of the sessions with a turn that was accepted and has not ended.
    func unfinishedSessions() async throws(SessionStoreError) -> [String]

    /// Sessions, those that were active last first.
    ///
    /// - Parameters:
    ///   - owner: whose; nil: everybody's.
    ///   - before: the last one of the page before.
    func summaries(
        of owner: Owner?, before: SessionSummary?, limit: Int
    ) async throws(SessionStoreError) -> [SessionSummary]
}
