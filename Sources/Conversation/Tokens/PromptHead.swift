/// What stands before a prompt's messages: the system prompt and the tools' descriptions.
package struct PromptHead: Hashable, Sendable {
    /// Tokens, by `TokenEstimate`.
    package var rawTokens: Int
    /// The same for the same head, within one process.
    package var fingerprint: Int

    package init() {
        self.rawTokens = 0
        self.fingerprint = 0
    }

    package init(system: String, tools: [ToolDescription]) {
        self.rawTokens = TokenEstimate.tokens(inPrompt: [], system: system, tools: tools)
        guard !system.isEmpty || !tools.isEmpty else {
            self.fingerprint = 0
            return
        }
        var hasher = Hasher()
        hasher.combine(system)
        hasher.combine(tools)
        self.fingerprint = hasher.finalize()
    }
}
