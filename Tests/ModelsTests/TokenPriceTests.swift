import Conversation
import Models
import Testing

@Suite struct TokenPriceTests {
    @Test func `two prices are for input and output, the cache at that of input`() {
        #expect(TokenPrice("3/15") == TokenPrice(input: 3_000_000, output: 15_000_000))
        #expect(TokenPrice("0.25/2")?.cacheWrite == 250_000)
        #expect(
            TokenPrice("3/15/0.30/3.75")
                == TokenPrice(input: 3_000_000, output: 15_000_000, cacheRead: 300_000, cacheWrite: 3_750_000))
    }

    @Test(arguments: [
        "", "3", "3/", "/3", "3/15/1", "3/15/1/1/1", "-1/2", "+1/2", "1e3/2", "3,5/2", "0.1234567/2", ".5/2", "5./2",
        "10000.000001/1", "1000000/1", "３/１５", " 3/15",
    ])
    func `what is no price is refused`(text: String) {
        #expect(TokenPrice(text) == nil)
    }

    @Test func `a turn costs its tokens, each kind at its price`() {
        let price = TokenPrice(input: 3_000_000, output: 15_000_000, cacheRead: 300_000, cacheWrite: 3_750_000)
        let usage = Usage(inputTokens: 1_000, outputTokens: 200, cacheReadTokens: 10_000, cacheWriteTokens: 400)
        #expect(price.microdollars(for: usage) == 3_000 + 3_000 + 3_000 + 1_500)
    }

    @Test func `a begun microdollar counts whole, and only once`() {
        let price = TokenPrice(input: 100_000, output: 100_000)
        #expect(price.microdollars(for: Usage(inputTokens: 1, outputTokens: 1)) == 1)
        #expect(price.microdollars(for: Usage(inputTokens: 10, outputTokens: 10)) == 2)
        #expect(price.microdollars(for: Usage()) == 0)
    }

    @Test func `counts that cannot be do not overflow`() {
        let price = TokenPrice(input: 10_000_000_000, output: 10_000_000_000)
        #expect(price.microdollars(for: Usage(inputTokens: .max, outputTokens: .max)) > 1_000_000_000)
        #expect(price.microdollars(for: Usage(inputTokens: -5)) == 0)
    }

    @Test(arguments: [(500_000, "0.50"), (0, "0.00"), (12_345_678, "12.345678"), (1_000_000, "1.00"), (1, "0.000001")])
    func `amounts are written to the cent, or as exactly as they are`(microdollars: Int, text: String) {
        #expect(Dollars.text(microdollars: microdollars) == text)
        #expect(Dollars.microdollars(text) == microdollars)
    }
}
