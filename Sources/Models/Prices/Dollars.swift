/// Amounts of money as people write them.
package enum Dollars {
    package static let microdollarsEach = 1_000_000

    /// Reads an amount in US dollars: digits, and up to six more behind a point. nil for anything else, and for a million
    /// dollars or more.
    package static func microdollars(_ text: some StringProtocol) -> Int? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = number(parts[0], digits: 1...6) else { return nil }
        guard parts.count == 2 else { return whole * microdollarsEach }
        guard let rest = number(parts[1], digits: 1...6) else { return nil }
        return (parts[1].utf8.count..<6).reduce(rest) { value, _ in value * 10 } + whole * microdollarsEach
    }

    /// Writes an amount in US dollars, to the cent or as exactly as it is.
    package static func text(microdollars: Int) -> String {
        let rest = String(microdollars.magnitude % UInt(microdollarsEach) + UInt(microdollarsEach)).dropFirst()
        var decimals = rest
        while decimals.count > 2, decimals.last == "0" { decimals.removeLast() }
        return "\(microdollars < 0 ? "-" : "")\(microdollars.magnitude / UInt(microdollarsEach)).\(decimals)"
    }

    /// `Int` would take a sign too.
    private static func number(_ text: some StringProtocol, digits: ClosedRange<Int>) -> Int? {
        guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }
}
