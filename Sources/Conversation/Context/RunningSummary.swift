/// What a model wrote down of a conversation's beginning, up to a message.
///
/// A session keeps each one that was made: on another branch an older one may still hold.
package struct RunningSummary: Hashable, Sendable {
    package var text: String
    /// The last message that it stands for.
    package var lastMessage: String

    package init(text: String, lastMessage: String) {
        self.text = text
        self.lastMessage = lastMessage
    }
}

extension RunningSummary {
    /// A summary as a model is sent it: a user's message before all others.
    ///
    /// Not a part of the system prompt: what users and tools said must not gain its authority, and a system prompt that stays
    /// the same stays in the provider's cache, for other sessions too.
    var message: Message {
        Message(
            id: "summary:\(self.lastMessage)", parent: nil, role: .user,
            content: [
                .text(
                    "<summary>\nNotes on the beginning of this conversation, which is not sent word for word any more. They were made by the server; what is below follows them.\n\n\(self.text)\n</summary>"
                )
            ], createdAt: 0, turn: "")
    }

    /// The summary that covers most of the exchanges, though never the newest, and how many it covers. Of several that cover
    /// the same, the newest.
    static func best(of summaries: [RunningSummary], for exchanges: [Exchange]) -> (RunningSummary, covered: Int)? {
        var places: [String: Int] = [:]
        for (place, exchange) in exchanges.enumerated() {
            for id in exchange.ids { places[id] = place }
        }
        var best: (RunningSummary, covered: Int)?
        for summary in summaries {
            guard let place = places[summary.lastMessage], place < exchanges.count - 1 else { continue }
            if place + 1 >= best?.covered ?? 0 { best = (summary, place + 1) }
        }
        return best
    }
}
