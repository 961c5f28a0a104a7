import CurlTransport

/// How long a provider asked us to wait.
enum RetryAfter {
    /// - Parameter now: seconds since 1970, to which a date is compared.
    static func duration(in head: ResponseHead, now: Int64) -> Duration? {
        // Both vendors' own header, finer than the standard's.
        if let text = head["retry-after-ms"], let milliseconds = Double(text),
            let duration = duration(milliseconds / 1000)
        {
            return duration
        }
        guard let text = head["retry-after"] else { return nil }
        // RFC 9110 §10.2.3: seconds, or a date.
        if let seconds = Double(text) { return duration(seconds) }
        guard let date = secondsSince1970(httpDate: text) else { return nil }
        return .seconds(max(0, date - now))
    }

    private static func duration(_ seconds: Double) -> Duration? {
        // A day stands for whatever is longer: no turn waits for either, and a larger number could overflow.
        seconds >= 0 ? .milliseconds(Int64((min(seconds, 86_400) * 1000).rounded(.up))) : nil
    }

    /// RFC 9110 §5.6.7, the form that must be sent: `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func secondsSince1970(httpDate text: String) -> Int64? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let day = Int64(parts[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(parts[2])), let year = Int64(parts[3]),
            (1970...9999).contains(year)
        else { return nil }
        let time = parts[4].split(separator: ":").compactMap { Int64($0) }
        guard time.count == 3, time.allSatisfy({ (0...60).contains($0) }) else { return nil }
        // Days from the civil date, with years that begin in March so that the leap day comes last.
        let shifted = month < 2 ? year - 1 : year
        let dayOfYear = (153 * Int64((month + 10) % 12) + 2) / 5 + day - 1
        let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
        return days * 86_400 + time[0] * 3600 + time[1] * 60 + time[2]
    }
}
