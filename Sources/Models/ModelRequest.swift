package import Conversation

/// One call to a model.
package struct ModelRequest: Sendable {
    package var model: String
    /// The system prompt; nil or empty: none is sent.
    package var system: String?
    /// The conversation so far, oldest first, ending with what is to be answered (a user message, or a reply of our own
    /// whose last blocks are tool results). Roles need not alternate: a provider merges what it must.
    package var messages: [Message]
    package var tools: [ToolDescription]
    /// Sent only where set: some models refuse it.
    package var temperature: Double?
    /// The most tokens the reply may have; nil: the provider's default, or where the API demands a number, ours.
    package var maxTokens: Int?
    /// How many of `messages`, from the first, the next request of the session is expected to begin with; nil: all. For
    /// providers whose prompt cache wants to be told.
    package var stableMessages: Int?
    /// How long the provider may send nothing at all, pings included, before the call fails as `stalled`.
    package var stallTimeout: Duration

    /// A minute: providers send pings or tokens every few seconds, and a person has long lost patience.
    package static let defaultStallTimeout = Duration.seconds(60)

    package init(
        model: String, system: String? = nil, messages: [Message], tools: [ToolDescription] = [],
        temperature: Double? = nil, maxTokens: Int? = nil, stableMessages: Int? = nil,
        stallTimeout: Duration = ModelRequest.defaultStallTimeout
    ) {
        self.model = model
        self.system = system
        self.messages = messages
        self.tools = tools
        self.temperature = temperature
        self.maxTokens = maxTokens
        self.stableMessages = stableMessages
        self.stallTimeout = stallTimeout
    }
}
