import Conversation
import Foundation

/// Texts of others on a terminal: nothing in them may steer it.
enum TerminalText {
    /// The text with its control characters, line ends and tabs aside, as `\u{1b}`; and with those that turn the direction of
    /// what follows, which make a line look like another one.
    static func escaped(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "\n" || scalar == "\t" || !isDangerous(scalar) {
                scalars.append(scalar)
            } else {
                scalars.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            }
        }
        return String(scalars)
    }

    /// The text in one line, cut to so many scalars.
    static func line(_ text: String, scalars limit: Int) -> String {
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let cut = line.firstScalars(limit)
        return escaped(cut) + (cut.unicodeScalars.count < line.unicodeScalars.count ? "…" : "")
    }

    /// Writes to standard output: to a terminal escaped, elsewhere as it is.
    ///
    /// - Throws: `SessionsCommandError.output` where not all of it is taken, as on a full disk
    static func write(_ text: String) throws(SessionsCommandError) {
        guard StandardStreams.write(isatty(STDOUT_FILENO) == 1 ? escaped(text) : text) else {
            throw .output(path: "The standard output", errno: errno)
        }
    }

    private static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        // Unicode's bidirectional embeddings, overrides and isolates (UAX #9 §2).
        case 0x202A...0x202E, 0x2066...0x2069: true
        default: scalar.properties.generalCategory == .control
        }
    }
}
