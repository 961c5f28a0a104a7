import JSON
import Testing

@testable import Whinchat

@Suite struct TimingComparisonTests {
    @Test func `the medians stand in a table, and the difference in a sentence`() {
        var comparison = TimingComparison()
        for (first, whole) in [(10, 400), (30, 420), (1000, 9000)] {
            comparison.add(
                ReplyTiming(firstToken: .milliseconds(first), whole: .milliseconds(whole)), of: .webSocket)
        }
        comparison.add(ReplyTiming(firstToken: .milliseconds(35), whole: .milliseconds(421)), of: .events)
        for whole in [400, 440] {
            comparison.add(ReplyTiming(firstToken: .milliseconds(whole), whole: .milliseconds(whole)), of: .whole)
        }
        #expect(
            comparison.text == """
                                          first token   whole reply
                WebSocket                     30.0 ms      420.0 ms
                POST /chat/stream (SSE)       35.0 ms      421.0 ms
                POST /chat                   420.0 ms      420.0 ms

                Streamed over the WebSocket, a reply begins 14.0 times sooner than it comes whole.

                """)
    }

    @Test func `the first delta and the turn's end are what is timed`() throws {
        var stopwatch = ReplyStopwatch()
        #expect(try stopwatch.take(["type": "message"], at: .seconds(1)) == nil)
        #expect(try stopwatch.take(["type": "delta"], at: .seconds(2)) == nil)
        #expect(try stopwatch.take(["type": "delta"], at: .seconds(3)) == nil)
        #expect(
            try stopwatch.take(["type": "turn.done", "status": "completed"], at: .seconds(4))
                == ReplyTiming(firstToken: .seconds(2), whole: .seconds(4)))
    }

    @Test func `a reply that failed is no measure`() {
        var stopwatch = ReplyStopwatch()
        #expect(throws: TTFTError.failed(status: "failed")) {
            try stopwatch.take(["type": "turn.done", "status": "failed"], at: .zero)
        }
        #expect(throws: TTFTError.refused("No.")) {
            try stopwatch.take(["type": "error", "message": "No."], at: .zero)
        }
    }
}
