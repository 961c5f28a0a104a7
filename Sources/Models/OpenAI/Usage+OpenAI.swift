import Conversation
import JSON

extension Usage {
    /// Reads a `usage` object. `prompt_tokens` counts the cached ones too, ours does not.
    init?(openAI json: inout JSONScanner) throws(JSONError) {
        guard try json.peekKind() == .object else { return nil }
        var prompt = 0
        var completion = 0
        var cached: Int?
        var cacheHits: Int?
        var members = try json.beginObject()
        while let key = try json.nextKey(in: &members) {
            if key == "prompt_tokens" {
                prompt = try json.readTokenCount() ?? 0
            } else if key == "completion_tokens" {
                completion = try json.readTokenCount() ?? 0
            } else if key == "prompt_cache_hit_tokens" {
                // DeepSeek's name for it.
                cacheHits = try json.readTokenCount()
            } else if key == "prompt_tokens_details", try json.peekKind() == .object {
                var details = try json.beginObject()
                while let key = try json.nextKey(in: &details) {
                    if key == "cached_tokens" { cached = try json.readTokenCount() } else { try json.skipValue() }
                }
            } else {
                try json.skipValue()
            }
        }
        let fromCache = min(cached ?? cacheHits ?? 0, prompt)
        self.init(inputTokens: prompt - fromCache, outputTokens: completion, cacheReadTokens: fromCache)
    }
}
