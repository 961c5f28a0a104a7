import Conversation
import CurlTransport
import JSON

/// The body of `POST /v1/messages/count_tokens` (platform.claude.com/docs/en/api/messages-count-tokens): a request without
/// what is about the reply.
struct AnthropicTokenCount: Encodable {
    /// 64 KiB: the answer is one number.
    static let answerLimitBytes = 64 * 1024

    let model: String
    let system: AnthropicSystem?
    let messages: [AnthropicMessage]
    let tools: [AnthropicTool]?

    init(_ request: ModelRequest, provider: String) {
        // Marks for the cache change no count.
        let request = AnthropicRequest(request, provider: provider, caches: false)
        model = request.model
        system = request.system
        messages = request.messages
        tools = request.tools
    }

    /// The number in an answer: `{"input_tokens":2095}`.
    static func tokens(in answer: JSONValue) throws(ModelError) -> Int {
        guard let tokens = answer["input_tokens"]?.intValue, tokens > 0 else {
            throw .malformed("The provider's answer to a count has no count.", requestID: nil)
        }
        return Usage.clamped(count: tokens)
    }
}
