import Models
import Testing

@Suite struct ModelWindowsTests {
    @Test(
        arguments: [
            ("claude-haiku-4-5", 200_000), ("claude-sonnet-5", 1_000_000), ("anthropic/claude-opus-5", 1_000_000),
            ("claude-3-5-sonnet-20241022", 200_000), ("gpt-4o-mini", 128_000), ("gpt-4.1-nano", 1_047_576),
            ("gpt-4-0613", 8_192), ("gpt-4", 8_192), ("gpt-5-mini", 272_000), ("gpt-5-chat-latest", 128_000),
            ("o1", 200_000), ("o1-mini", 128_000), ("o3-2025-04-16", 200_000),
        ])
    func `the window of a known family's model`(model: String, tokens: Int) {
        #expect(ModelWindows().tokens(of: model) == tokens)
    }

    @Test(arguments: ["demo", "llama3.2:latest", "tokens-20-rate-0", "gpt-4.7", "o10", "claudette", ""])
    func `of other models nothing is known`(model: String) {
        #expect(ModelWindows().tokens(of: model) == nil)
    }

    @Test func `what was set counts, for that model alone`() {
        let windows = ModelWindows(overrides: ["gpt-4o": 4_096, "mine": 8_000])
        #expect(windows.tokens(of: "gpt-4o") == 4_096)
        #expect(windows.tokens(of: "gpt-4o-mini") == 128_000)
        #expect(windows.tokens(of: "mine") == 8_000)
    }
}
