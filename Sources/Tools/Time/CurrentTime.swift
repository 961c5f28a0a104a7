import Conversation
import Foundation
package import JSON

/// Tells the date and the time, which a model cannot know.
package struct CurrentTime: Tool {
    package let name = "current_time"

    package let description = """
        Tells the current date, time and weekday, in UTC or in a time zone. Use it whenever an answer depends on today's \
        date or on the time.
        """

    package let inputSchema: JSONValue = [
        "type": "object",
        "properties": [
            "time_zone": [
                "type": ["string", "null"],
                "description": "An IANA time zone name, for example Europe/Berlin. Without it: UTC.",
                // The longest IANA name has 32 characters.
                "maxLength": 64,
            ]
        ],
        "additionalProperties": false,
    ]

    private static let weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

    private let now: @Sendable () -> Int64

    /// - Parameter now: the milliseconds since 1970 in UTC; the system's clock where none is given.
    package init(
        now: @escaping @Sendable () -> Int64 = { Int64((Date().timeIntervalSince1970 * 1_000).rounded(.down)) }
    ) {
        self.now = now
    }

    /// For example `2026-11-21T13:34:56.789+01:00, Saturday, Europe/Berlin (CET)`.
    package func run(_ input: JSONValue) async throws -> String {
        let zone = try ZoneName(input["time_zone"]?.stringValue ?? "UTC")
        let milliseconds = self.now()
        let date = Date(timeIntervalSince1970: Double(milliseconds) / 1_000)
        let offset = zone.timeZone.secondsFromGMT(for: date)
        let text = Timestamp.text(milliseconds, offsetSeconds: offset)
        let weekday = Self.weekdays[Timestamp.weekday(milliseconds + Int64(offset) * 1_000)]
        return "\(text), \(weekday), \(zone.name) (\(zone.abbreviation(at: date)))"
    }
}
