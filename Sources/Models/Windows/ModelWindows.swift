/// How many tokens a model reads and writes together: what is known of the vendors' families, and what was set.
package struct ModelWindows: Hashable, Sendable {
    /// Models whose names begin alike.
    private struct Family {
        /// The whole name, or what stands before a `-`, `:` or `@`.
        var name: String
        var tokens: Int

        func has(_ model: Substring) -> Bool {
            guard model.hasPrefix(name) else { return false }
            // `gpt-4` is not `gpt-4.7`, of which nothing is known.
            return model.dropFirst(name.count).first.map { "-:@".contains($0) } ?? true
        }
    }

    /// From public lists, as of November 2026; vendors change these, and `--model-window` corrects them. Of the GPT-5 models
    /// what they read (272,000 of 400,000), since the rest of their window is for what they write alone. Where some models of a
    /// family read more than others, or only with a header or a contract, the least of them.
    private static let families = [
        Family(name: "claude", tokens: 200_000),
        Family(name: "claude-opus-5", tokens: 1_000_000),
        Family(name: "claude-sonnet-5", tokens: 1_000_000),
        Family(name: "gpt-3.5-turbo", tokens: 16_385),
        Family(name: "gpt-4", tokens: 8_192),
        Family(name: "gpt-4-32k", tokens: 32_768),
        Family(name: "gpt-4-turbo", tokens: 128_000),
        Family(name: "gpt-4o", tokens: 128_000),
        Family(name: "gpt-4.1", tokens: 1_047_576),
        Family(name: "gpt-4.5", tokens: 128_000),
        Family(name: "gpt-5", tokens: 272_000),
        Family(name: "gpt-5-chat", tokens: 128_000),
        Family(name: "gpt-5.1", tokens: 272_000),
        Family(name: "gpt-5.2", tokens: 272_000),
        Family(name: "o1", tokens: 200_000),
        Family(name: "o1-mini", tokens: 128_000),
        Family(name: "o1-preview", tokens: 128_000),
        Family(name: "o3", tokens: 200_000),
        Family(name: "o4-mini", tokens: 200_000),
    ]

    /// What was set, by the model's whole name: it counts before what is known.
    package var overrides: [String: Int]

    package init(overrides: [String: Int] = [:]) { self.overrides = overrides }

    /// Tokens; nil where nobody knows: nothing is too long then.
    package func tokens(of model: String) -> Int? {
        if let tokens = overrides[model] { return tokens }
        // Routers put the vendor before the name: `anthropic/claude-sonnet-5`.
        let name = model.split(separator: "/").last ?? ""
        return Self.families.filter { $0.has(name) }.max { $0.name.utf8.count < $1.name.utf8.count }?.tokens
    }
}
