/// Who said a message. Tool results are blocks of the assistant's own message.
package enum Role: String, Hashable, Sendable {
    case user, assistant
}

/// How a turn ended, in the words of the protocol.
package enum TurnStatus: String, Hashable, Sendable, CaseIterable {
    case completed, cancelled, failed, truncated, interrupted, refused, filtered
    case maxTokens = "max_tokens"
    case contextExceeded = "context_exceeded"
    case toolLimit = "tool_limit"
    case timeLimit = "time_limit"
}

/// One message of a session's tree.
package struct Message: Hashable, Sendable {
    package var id: String
    /// The message that this one answers or follows; nil for a session's first.
    package var parent: String?
    package var role: Role
    package var content: [ContentBlock]
    /// Milliseconds since 1970 in UTC.
    package var createdAt: Int64
    /// The turn that the message caused (a user's) or was made by (a reply).
    package var turn: String
    /// True for a reply that did not end by itself.
    package var partial: Bool
    package var model: String?
    package var usage: Usage?
    /// For a reply: how its turn ended.
    package var status: TurnStatus?
    /// For a reply: what else is known of its turn; nil where nothing is.
    package var record: ReplyRecord?

    package init(
        id: String, parent: String?, role: Role, content: [ContentBlock], createdAt: Int64, turn: String,
        partial: Bool = false, model: String? = nil, usage: Usage? = nil, status: TurnStatus? = nil,
        record: ReplyRecord? = nil
    ) {
        self.id = id
        self.parent = parent
        self.role = role
        self.content = content
        self.createdAt = createdAt
        self.turn = turn
        self.partial = partial
        self.model = model
        self.usage = usage
        self.status = status
        self.record = record
    }
}
