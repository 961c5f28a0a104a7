import ChatProtocol
import Conversation
import Models

/// What a session and a user may use on one day, in UTC. nil: no bound.
///
/// No defaults: on one's own machine a bound that nobody asked for would stop a chat in its middle, and the demo and local
/// models cost nothing. README.md says what a public server may want.
package struct SpendingBounds: Hashable, Sendable {
    /// Tokens of prompts and replies.
    package var sessionTokens: Int?
    package var userTokens: Int?
    /// Microdollars.
    package var sessionCost: Int?
    package var userCost: Int?

    package init() {}

    /// Whether what the user has used needs to be known.
    var countsUsers: Bool { userTokens != nil || userCost != nil }

    /// - Parameter time: now, in milliseconds since 1970.
    /// - Throws: `quota_exceeded` where a bound is used up: which one, by how much, and when that ends.
    func admit(session: Spending, user: Spending, at time: Int64) throws(CommandError) {
        if let userTokens, user.tokens >= userTokens {
            throw Self.used("\(user.tokens) of the \(userTokens) tokens", "you have", "user_tokens_per_day", time)
        }
        if let userCost, user.microdollars >= userCost {
            throw Self.used(Self.dollars(user.microdollars, of: userCost), "you have", "user_cost_per_day", time)
        }
        if let sessionTokens, session.tokens >= sessionTokens {
            throw Self.used(
                "\(session.tokens) of the \(sessionTokens) tokens", "this session has", "session_tokens_per_day", time)
        }
        if let sessionCost, session.microdollars >= sessionCost {
            throw Self.used(
                Self.dollars(session.microdollars, of: sessionCost), "this session has", "session_cost_per_day", time)
        }
    }

    private static func dollars(_ used: Int, of bound: Int) -> String {
        "$\(Dollars.text(microdollars: used)) of the $\(Dollars.text(microdollars: bound))"
    }

    private static func used(_ figures: String, _ whose: String, _ bound: String, _ time: Int64) -> CommandError {
        CommandError(
            .quotaExceeded,
            "Today \(figures) that \(whose) a day are used (\(bound)). The next day begins at 00:00 UTC.",
            retryable: true, retryAfter: UTCDay.rest(at: time))
    }
}
