import Conversation
import Foundation
import Testing

@Suite struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (1, "1970-01-01T00:00:00.001Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (1_709_251_200_000, "2024-03-01T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (1_795_264_496_789, "2026-11-21T12:34:56.789Z"),
        ] as [(Int64, String)])
    func `a moment is written in UTC with milliseconds`(milliseconds: Int64, text: String) {
        #expect(Timestamp.text(milliseconds) == text)
    }

    @Test func `every day of eight centuries is the day that Foundation says`() {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for day in stride(from: Int64(-135_140), to: 157_054, by: 1) {
            let milliseconds = day * 86_400_000 + 45_296_000
            let expected = Date(timeIntervalSince1970: Double(milliseconds / 1_000)).formatted(style)
            let text = Timestamp.text(milliseconds)
            if text != expected {
                Issue.record("\(text) should be \(expected)")
                return
            }
        }
    }

    @Test func `what four digits cannot say becomes the first or last moment that they can`() {
        #expect(Timestamp.text(.max) == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp.text(.min) == "0000-01-01T00:00:00.000Z")
        #expect(Timestamp.text(.max, offsetSeconds: 3_600) == "9999-12-31T23:59:59.999+01:00")
        #expect(Timestamp.text(.min, offsetSeconds: -3_600) == "0000-01-01T00:00:00.000-01:00")
    }

    @Test(arguments: [
        (3_600, "1970-01-01T01:00:00.000+01:00"),
        (-16_200, "1969-12-31T19:30:00.000-04:30"),
        (20_700, "1970-01-01T05:45:00.000+05:45"),
        (0, "1970-01-01T00:00:00.000+00:00"),
        (1_172, "1970-01-01T00:19:00.000+00:19"),
        (-75, "1969-12-31T23:59:00.000-00:01"),
    ])
    func `a moment is written on the clocks of a zone`(offset: Int, text: String) {
        #expect(Timestamp.text(0, offsetSeconds: offset) == text)
    }

    @Test func `weekdays are counted from Monday`() {
        #expect(Timestamp.weekday(0) == 3)
        #expect(Timestamp.weekday(-1) == 2)
        #expect(Timestamp.weekday(1_795_264_496_789) == 5)
        #expect(Timestamp.weekday(4 * 86_400_000) == 0)
        #expect(Timestamp.weekday(-4 * 86_400_000) == 6)
    }
}
