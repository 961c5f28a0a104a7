/// The days that spending is counted by: in UTC, numbered since 1970.
package enum UTCDay {
    package static let milliseconds: Int64 = 86_400_000

    /// - Parameter time: milliseconds since 1970.
    package static func number(at time: Int64) -> Int { Int((time - remainder(time)) / milliseconds) }

    /// How long the day still lasts.
    package static func rest(at time: Int64) -> Duration { .milliseconds(milliseconds - remainder(time)) }

    private static func remainder(_ time: Int64) -> Int64 {
        let remainder = time % milliseconds
        return remainder < 0 ? remainder + milliseconds : remainder
    }
}
