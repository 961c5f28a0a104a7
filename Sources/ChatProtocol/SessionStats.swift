import Conversation
import NIOCore

/// The answer to `stats`: what a session has used on all its branches since it was made or last cleared.
package struct SessionStats: Hashable, Sendable {
    /// Turns that were accepted.
    package var turnCount: Int
    /// Messages of both roles.
    package var messageCount: Int
    /// Tokens of prompts at full price, as in `Usage`.
    package var inputTokens: Int
    package var outputTokens: Int
    package var cacheReadTokens: Int
    /// In microdollars; nil where the price of a model that replied is not known.
    package var cost: Int?
    /// Milliseconds since 1970.
    package var createdAt: Int64
    /// Since the session was made.
    package var age: Duration
    /// Milliseconds since 1970.
    package var lastActiveAt: Int64

    package init(
        turnCount: Int, messageCount: Int, inputTokens: Int, outputTokens: Int, cacheReadTokens: Int, cost: Int? = nil,
        createdAt: Int64, age: Duration, lastActiveAt: Int64
    ) {
        self.turnCount = turnCount
        self.messageCount = messageCount
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.cacheReadTokens = cacheReadTokens
        self.cost = cost
        self.createdAt = createdAt
        self.age = age
        self.lastActiveAt = lastActiveAt
    }

    func frame(ref: String?) -> ByteBuffer {
        var frame = FrameWriter(type: "stats")
        frame.field("ref", ref)
        frame.field("turn_count", turnCount)
        frame.field("message_count", messageCount)
        frame.field("input_tokens", inputTokens)
        frame.field("output_tokens", outputTokens)
        frame.field("cache_read_tokens", cacheReadTokens)
        frame.field("cost", cost.map { Double($0) / 1e6 })
        frame.field("created_at", Timestamp.text(createdAt))
        // A clock that was set back must not make it negative.
        frame.field("age_ms", max(0, age.wholeMilliseconds))
        frame.field("last_active_at", Timestamp.text(lastActiveAt))
        return frame.end()
    }
}
