import Conversation
import Testing

@Suite struct UsageTests {
    @Test(arguments: [(5, 5), (0, 0), (-1, 0), (.min, 0), (1_000_000_000, 1_000_000_000), (.max, 1_000_000_000)])
    func `a count is taken within its bounds`(count: Int, expected: Int) {
        #expect(Usage.clamped(count: count) == expected)
    }

    @Test func `a sum stays at the largest number`() {
        let full = Usage(inputTokens: .max, outputTokens: .max - 1, cacheReadTokens: .max, cacheWriteTokens: .min)
        let one = Usage(inputTokens: 1, outputTokens: 1, cacheReadTokens: .max, cacheWriteTokens: -1, estimated: true)
        #expect(
            full + one
                == Usage(
                    inputTokens: .max, outputTokens: .max, cacheReadTokens: .max, cacheWriteTokens: .min,
                    estimated: true))
    }
}
