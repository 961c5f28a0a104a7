package import Conversation

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
        of owner: Owner?, _ selection: SessionSelection, before: SessionSummary?, limit: Int
    ) async throws(SessionStoreError) -> [SessionSummary]

    // MARK: What a session remembers

    /// The ids of the messages whose text matches the words best (BM25), best first. Text is a user's and a reply's text, not
    /// thinking and not what tools took and gave.
    ///
    /// - Parameter text: any text a person wrote; one without words matches nothing
    func matches(for text: String, in session: String, limit: Int) async throws(SessionStoreError) -> [String]

    /// The ids of the messages whose vectors of that model are nearest (by cosine, exactly), best first. Vectors of another
    /// length are passed over.
    func nearest(
        to vector: [Float], model: String, in session: String, limit: Int
    ) async throws(SessionStoreError) -> [String]

    /// Messages with text that have no vector of that model yet, oldest first.
    func messagesToEmbed(
        model: String, in session: String, limit: Int
    ) async throws(SessionStoreError) -> [(id: String, text: String)]

    // MARK: Sums and measures

    /// What an owner used on a day (since 1970, UTC). Days are kept for at least `Spending.keptDays`.
    func spending(of owner: Owner, day: Int) async throws(SessionStoreError) -> Spending

    /// What was learned of each model's way to count.
    func calibrations() async throws(SessionStoreError) -> [String: TokenCalibration]

    /// Keeps these, in place of the same models' earlier ones.
    func save(_ calibrations: [String: TokenCalibration]) async throws(SessionStoreError)
}
