/// Times as the protocol writes them: RFC 3339 with milliseconds.
package enum Timestamp {
    /// The milliseconds since 1970 in UTC as, for example, `2026-11-21T12:34:56.789Z`.
    ///
    /// RFC 3339 §5.6 has four digits for the year: what lies outside of the years 0000 to 9999 becomes their first or last
    /// millisecond.
    package static func text(_ milliseconds: Int64) -> String {
        self.text(milliseconds, suffix: [UInt8(ascii: "Z")])
    }

    /// The same moment on the clocks of a place `offsetSeconds` ahead of UTC, as `2026-11-21T13:34:56.789+01:00`.
    ///
    /// An offset in RFC 3339 has no seconds: those of a zone of the 19th century are cut off, of the clock's time too, so
    /// that the text still names the same moment.
    package static func text(_ milliseconds: Int64, offsetSeconds: Int) -> String {
        let minutes = offsetSeconds / 60
        let (hours, rest) = (abs(minutes) / 60, abs(minutes) % 60)
        var suffix: [UInt8] = [minutes < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+")]
        suffix += [
            self.digit(hours / 10), self.digit(hours), UInt8(ascii: ":"), self.digit(rest / 10), self.digit(rest),
        ]
        return self.text(self.clamped(milliseconds) + Int64(minutes) * 60_000, suffix: suffix)
    }

    /// The day of the week in UTC: 0 is Monday, as in ISO 8601 without its 1.
    package static func weekday(_ milliseconds: Int64) -> Int {
        // 1970-01-01 was a Thursday.
        let (_, remainder) = floorDivision(floorDivision(milliseconds, 86_400_000).quotient + 3, 7)
        return Int(remainder)
    }

    private static let first: Int64 = -62_167_219_200_000
    private static let last: Int64 = 253_402_300_799_999

    private static func clamped(_ milliseconds: Int64) -> Int64 {
        min(max(milliseconds, self.first), self.last)
    }

    private static func text(_ milliseconds: Int64, suffix: [UInt8]) -> String {
        let (days, time) = floorDivision(self.clamped(milliseconds), 86_400_000)
        let (year, month, day) = self.date(days)
        var text: [UInt8] = []
        text.reserveCapacity(23 + suffix.count)
        func append(_ number: Int64, digits: Int) {
            var divisor: Int64 = [1, 10, 100, 1_000][digits - 1]
            while divisor > 0 {
                text.append(self.digit(Int(number / divisor)))
                divisor /= 10
            }
        }
        append(year, digits: 4)
        text.append(UInt8(ascii: "-"))
        append(month, digits: 2)
        text.append(UInt8(ascii: "-"))
        append(day, digits: 2)
        text.append(UInt8(ascii: "T"))
        append(time / 3_600_000, digits: 2)
        text.append(UInt8(ascii: ":"))
        append(time / 60_000 % 60, digits: 2)
        text.append(UInt8(ascii: ":"))
        append(time / 1_000 % 60, digits: 2)
        text.append(UInt8(ascii: "."))
        append(time % 1_000, digits: 3)
        return String(decoding: text + suffix, as: UTF8.self)
    }

    private static func digit(_ number: Int) -> UInt8 { UInt8(ascii: "0") + UInt8(number % 10) }

    /// The Gregorian date of a day counted from 1970-01-01.
    ///
    /// Years are counted from March, so that the leap day is a year's last day and a month's first day is a linear
    /// function of its number; 146,097 days are one cycle of 400 years.
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (cycle, dayOfCycle) = floorDivision(days + 719_468, 146_097)
        let yearOfCycle =
            (dayOfCycle - dayOfCycle / 1_460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0), month, day)
    }
}

/// Division that rounds down, so that moments before 1970 have a day and a time of day too.
private func floorDivision(_ dividend: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}
