import Conversation
import JSON
import Testing

@Suite struct TokenEstimateTests {
    /// Texts with the tokens that byte-pair tokenisers of 100,000 to 200,000 entries make of them, with room for their
    /// differences.
    @Test(arguments: [
        ("The quick brown fox jumps over the lazy dog.", 8...14),
        ("Swift actors protect their state, and a session is an actor that is pinned to one event loop.", 17...28),
        ("func path(to id: String?) -> [Message] { self.nodes[id] }", 12...22),
        ("Быстрая коричневая лиса перепрыгивает через ленивую собаку.", 14...34),
        ("敏捷的棕色狐狸跳过了懒狗。", 9...20),
        ("素早い茶色の狐がのろまな犬を飛び越える。", 14...26),
        ("👍👍👍", 3...9),
    ])
    func `an estimate is near what tokenisers say`(text: String, range: ClosedRange<Int>) {
        #expect(range.contains(TokenEstimate.tokens(in: text)), "\(TokenEstimate.tokens(in: text)) for \(text)")
    }

    @Test func `nothing has no tokens and a single letter has one`() {
        #expect(TokenEstimate.tokens(in: "") == 0)
        #expect(TokenEstimate.tokens(in: "a") == 1)
        #expect(TokenEstimate.tokens(in: "abcd") == 1)
        #expect(TokenEstimate.tokens(in: "abcdefg") == 1)
        #expect(TokenEstimate.tokens(in: "abcdefgh") == 2)
    }

    @Test func `a longer text never has fewer tokens`() {
        let text = "Naïve 漢字 and 👍 in Ελλάδα"
        var last = 0
        for end in text.indices {
            let tokens = TokenEstimate.tokens(in: String(text[...end]))
            #expect(tokens >= last)
            last = tokens
        }
        #expect(last > 0)
    }

    @Test func `each message costs its frame beside its text`() {
        let empty = Message(id: "u", parent: nil, role: .user, content: [], createdAt: 0, turn: "t")
        #expect(TokenEstimate.tokens(in: empty) == TokenEstimate.perMessage)
        var message = empty
        message.content = [.text("abcd"), .thinking(Thinking(text: "abcd efgh"))]
        #expect(TokenEstimate.tokens(in: message) == TokenEstimate.perMessage + 3)
    }

    @Test func `a tool call costs its name, its input and its frame`() {
        let call = ToolCall(id: "c", name: "calculate", input: ["expression": "6*7"])
        // `{"expression":"6*7"}`: a word of 1.6, two digits, and signs in four runs: 1.1, 1.4, 0.8 and 1.1.
        #expect(TokenEstimate.tokens(in: .toolCall(call)) == TokenEstimate.perToolBlock + 2 + 8)
        let result = ToolResult(call: "c", output: "42", isError: false)
        #expect(TokenEstimate.tokens(in: .toolResult(result)) == TokenEstimate.perToolBlock + 1)
        let unfinished = ToolCall(id: "c", name: "calculate", input: nil)
        #expect(TokenEstimate.tokens(in: .toolCall(unfinished)) == TokenEstimate.perToolBlock + 2)
        #expect(TokenEstimate.tokens(in: .opaque(provider: "p", ["a": 1])) == 5)
    }

    @Test func `a prompt is its messages, its system prompt and its tools`() {
        let message = Message(id: "u", parent: nil, role: .user, content: [.text("abcd")], createdAt: 0, turn: "t")
        let tool = ToolDescription(name: "abcd", description: "abcd", inputSchema: [:])
        #expect(TokenEstimate.tokens(inPrompt: []) == 0)
        #expect(TokenEstimate.tokens(inPrompt: [message, message]) == 10)
        #expect(TokenEstimate.tokens(inPrompt: [message], system: "abcd") == 10)
        #expect(TokenEstimate.tokens(inPrompt: [], tools: [tool]) == TokenEstimate.perToolBlock + 4)
    }
}
