import Conversation
import Foundation

/// A plain text email as RFC 5322 and MIME (RFC 2045) have it.
struct Email {
    var from: EmailAddress
    var to: [EmailAddress]
    var cc: [EmailAddress]
    var subject: String
    var body: String
    var date: Date
    /// Makes the message's id its own.
    var identifier = (0..<16).map { _ in "0123456789abcdef".randomElement() ?? "0" }.reduce(into: "") { $0.append($1) }

    /// The whole message: ASCII, lines of at most 78 characters but for a long address, CRLF at their ends.
    var text: String {
        var lines = [
            "Date: \(Self.date(self.date))",
            "From: \(self.from.text)",
            Self.list("To", self.to),
        ]
        if !self.cc.isEmpty { lines.append(Self.list("Cc", self.cc)) }
        lines += [
            "Subject: \(EncodedWord.encode(self.subject))",
            "Message-ID: <\(self.identifier)@\(self.from.text.split(separator: "@").last ?? "localhost")>",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
            // Mail programs open what has this as a draft, to be sent by a person.
            "X-Unsent: 1",
            "",
            QuotedPrintable.encode(self.body),
            "",
        ]
        return lines.joined(separator: "\r\n")
    }

    /// One address to a line: §2.2.3 folds where a comma stands.
    private static func list(_ name: String, _ addresses: [EmailAddress]) -> String {
        "\(name): " + addresses.map(\.text).joined(separator: ",\r\n ")
    }

    /// §3.3: `Fri, 21 Nov 2025 13:34:56 +0000`.
    static func date(_ date: Date) -> String {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        let milliseconds = Int64((date.timeIntervalSince1970 * 1_000).rounded(.down))
        // 2025-11-21T13:34:56.789Z
        let text = Timestamp.text(milliseconds)
        let parts = text.prefix(10).split(separator: "-").map(String.init)
        guard parts.count == 3, let month = Int(parts[1]), (1...12).contains(month) else { return text }
        let weekday = days[Timestamp.weekday(milliseconds)]
        return "\(weekday), \(parts[2]) \(months[month - 1]) \(parts[0]) \(text.dropFirst(11).prefix(8)) +0000"
    }
}
