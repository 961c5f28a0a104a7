import ChatProtocol
import Conversation
import Testing

@testable import Sessions

/// What was used, and its bounds, as values.
@Suite struct SpendingTests {
    private func bounds(_ change: (inout SpendingBounds) -> Void) -> SpendingBounds {
        var bounds = SpendingBounds()
        change(&bounds)
        return bounds
    }

    /// An hour before a day of UTC ends.
    private let time: Int64 = 20_000 * 86_400_000 + 23 * 3_600_000

    @Test func `without bounds anything may be used`() throws {
        let all = Spending(tokens: .max, microdollars: .max)
        try SpendingBounds().admit(session: all, user: all, at: time)
        #expect(!SpendingBounds().countsUsers)
    }

    @Test(arguments: [
        (Spending(tokens: 99, microdollars: 99), Spending(tokens: 999, microdollars: 499_999), nil),
        (Spending(tokens: 100), Spending(tokens: 100), "100 of the 100 tokens that this session has"),
        (Spending(tokens: 100), Spending(tokens: 1_234), "1234 of the 1000 tokens that you have"),
        (Spending(), Spending(microdollars: 1_500_000), "$1.50 of the $0.50 that you have"),
        (Spending(microdollars: 100), Spending(microdollars: 100), "$0.0001 of the $0.0001 that this session has"),
    ])
    func `a bound that is used up is named, with the figures and its end`(
        session: Spending, user: Spending, expected: String?
    ) throws {
        let bounds = bounds {
            $0.sessionTokens = 100
            $0.userTokens = 1_000
            $0.sessionCost = 100
            $0.userCost = 500_000
        }
        guard let expected else { return try bounds.admit(session: session, user: user, at: time) }
        let error = try #require(throws: CommandError.self) {
            try bounds.admit(session: session, user: user, at: time)
        }
        #expect(error.code == .quotaExceeded && error.retryable)
        #expect(error.retryAfter == .seconds(3600))
        #expect(error.message.contains(expected), "\(error.message)")
    }

    @Test func `days are those of UTC`() {
        #expect(UTCDay.number(at: 0) == 0 && UTCDay.number(at: -1) == -1)
        #expect(UTCDay.number(at: 86_399_999) == 0 && UTCDay.number(at: 86_400_000) == 1)
        #expect(UTCDay.rest(at: 86_399_999) == .milliseconds(1) && UTCDay.rest(at: 86_400_000) == .seconds(86_400))
    }

    @Test func `a new day begins with nothing, and a clock that was set back with what there is`() {
        var sum = DailySpending(day: 7, spending: Spending(tokens: 5))
        #expect(sum.spent(on: 7).tokens == 5 && sum.spent(on: 8).tokens == 0 && sum.spent(on: 6).tokens == 5)
        sum.add(Spending(tokens: 1), on: 6)
        #expect(sum == DailySpending(day: 7, spending: Spending(tokens: 6)))
        sum.add(Spending(tokens: 1), on: 9)
        #expect(sum == DailySpending(day: 9, spending: Spending(tokens: 1)))
    }

    // MARK: The ledger

    private let ada = Owner(key: "ada")
    private let bob = Owner(key: "bob")

    @Test func `a user's sum is read once, and counted on`() async throws {
        let ledger = SpendingLedger()
        ledger.add(Spending(tokens: 9), of: ada, on: 3)
        #expect(ledger.spent(by: ada, on: 3) == Spending(), "the store will tell")
        var reads = 0
        for _ in 0..<2 {
            try await ledger.load(ada, day: 3, isResident: { _ in true }) { () async throws(SessionStoreError) in
                reads += 1
                return Spending(tokens: 40)
            }
        }
        ledger.add(Spending(tokens: 2, microdollars: 3), of: ada, on: 3)
        #expect(reads == 1)
        #expect(ledger.spent(by: ada, on: 3) == Spending(tokens: 42, microdollars: 3))
        #expect(ledger.spent(by: bob, on: 3) == Spending())
        #expect(ledger.spent(by: ada, on: 4) == Spending())
    }

    @Test func `what cannot be read is not taken for nothing`() async throws {
        let ledger = SpendingLedger()
        await #expect(throws: SessionStoreError.unavailable("disk")) {
            try await ledger.load(ada, day: 3, isResident: { _ in true }) { () async throws(SessionStoreError) in
                throw .unavailable("disk")
            }
        }
        #expect(ledger.count == 0)
    }

    @Test func `users without a session in memory are forgotten where there are too many`() async throws {
        let ledger = SpendingLedger(capacity: 3)
        for number in 0..<10 {
            try await ledger.load(Owner(key: "\(number)"), day: 3, isResident: { $0.key == "0" }) {
                () async throws(SessionStoreError) in Spending(tokens: 1)
            }
            #expect(ledger.count <= 3)
        }
        #expect(ledger.spent(by: Owner(key: "0"), on: 3).tokens == 1)
    }
}
