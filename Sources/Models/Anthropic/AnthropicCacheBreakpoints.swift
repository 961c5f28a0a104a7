import Conversation

/// Where the cached prefixes of a prompt end (platform.claude.com/docs, "Prompt caching"): after the tools, after the system
/// prompt, and at two places in the messages, as the API takes four marks.
///
/// Of the messages, the one mark is at the end of what the next request will begin with, or where the turn's tools have
/// answered, at the end of the whole; it is written now and read then. The other is where the request before this one had its
/// mark: the API looks back no more than 20 blocks for what it has kept, and a turn with tools can have more.
struct AnthropicCacheBreakpoints {
    struct Place: Hashable {
        var message: Int
        var block: Int
    }

    /// Marks. More are refused.
    static let limit = 4
    /// Tokens. What the models with the least minimum keep; a shorter prompt is not kept by any, and needs no marks.
    static let leastTokens = 1_024

    /// At most `limit` less those of the tools and the system prompt.
    private(set) var places: Set<Place> = []

    /// nil: the prompt is too short to be kept.
    init?(for request: ModelRequest, _ messages: [AnthropicMessage], provider: String) {
        let tokens = TokenEstimate.tokens(
            inPrompt: request.messages, system: request.system ?? "", tools: request.tools)
        guard tokens >= Self.leastTokens else { return nil }
        let stable = min(max(request.stableMessages ?? request.messages.count, 0), request.messages.count)
        guard stable > 0 else { return }
        // The same messages at the beginning, since a message only ever merges into the one before it.
        let prefix = AnthropicMessage.messages(
            of: HistoryStep.steps(of: Array(request.messages.prefix(stable)), for: provider))
        var candidates = [Self.end(of: prefix)]
        // A reply under way follows: its tools have answered, and the next round or turn begins with all of it.
        if stable < request.messages.count, request.messages.last?.role == .assistant {
            candidates.append(Self.end(of: messages))
        }
        // The prefix ends in a user's message, or in the reply before one.
        let before = prefix.last?.role == .user ? prefix.dropLast() : prefix[...]
        candidates.append(before.lastIndex { $0.role == .user }.flatMap { Self.end(of: Array(prefix[...$0])) })
        let room = Self.limit - (request.tools.isEmpty ? 0 : 1) - (request.system?.isEmpty ?? true ? 0 : 1)
        for case let place? in candidates where places.count < room { places.insert(place) }
    }

    private static func end(of messages: [AnthropicMessage]) -> Place? {
        guard let message = messages.indices.last,
            let block = messages[message].content.lastIndex(where: \.canEndCache)
        else { return nil }
        return Place(message: message, block: block)
    }
}
