import NIOConcurrencyHelpers

/// What each user has used today, for all sessions of the process.
///
/// A user's sum is read from the store before a session of theirs is, and counted on from there: this process alone writes
/// it. Days that begin meanwhile begin with nothing.
final class SpendingLedger: Sendable {
    /// The most users whose sums are kept. 100,000, as many as there may be sessions in memory; beyond, those without one are
    /// forgotten, and read again when they come back.
    private let capacity: Int

    init(capacity: Int = 100_000) { self.capacity = capacity }

    private let users = NIOLockedValueBox<[Owner: DailySpending]>([:])

    /// How many users it knows.
    var count: Int { users.withLockedValue { $0.count } }

    /// Reads what a user has used today, where that is not known.
    ///
    /// - Parameters:
    ///   - isResident: whether a session of that user is in memory.
    ///   - read: reads it from the store.
    func load(
        _ user: Owner, day: Int, isResident: (Owner) -> Bool,
        read: () async throws(SessionStoreError) -> Spending
    ) async throws(SessionStoreError) {
        guard users.withLockedValue({ $0[user] == nil }) else { return }
        let stored = try await read()
        users.withLockedValue { users in
            if users.count >= capacity { users = users.filter { isResident($0.key) } }
            // Somebody else may have read it, and turns may have ended since.
            if users[user] == nil { users[user] = DailySpending(day: day, spending: stored) }
        }
    }

    /// What a user has used on that day; nothing where it was not read.
    func spent(by user: Owner, on day: Int) -> Spending {
        users.withLockedValue { $0[user]?.spent(on: day) } ?? Spending()
    }

    func add(_ spending: Spending, of user: Owner, on day: Int) {
        // Of one that is not known yet the store will tell.
        users.withLockedValue { $0[user]?.add(spending, on: day) }
    }
}
