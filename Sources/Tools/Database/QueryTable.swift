/// Rows as a compact table: names in the first line, `|` between values.
package struct QueryTable: Sendable {
    /// Rows. A model that needs more of them ought to count or sum in SQL.
    package static let maximumRows = 100
    /// Bytes of UTF-8, all rows together: about 3,000 tokens.
    package static let maximumBytes = 12_000
    /// Unicode scalars of one value.
    package static let maximumValueScalars = 200

    private var lines: [String]
    private var byteCount = 0
    private(set) var rowCount = 0
    private(set) var isCut = false

    init(columns: [String]) {
        self.lines = [columns.map(Self.cell).joined(separator: " | ")]
    }

    /// False where the row has no place any more: the rest need not be fetched.
    mutating func append(_ values: [String?]) -> Bool {
        let line = values.map { $0.map(Self.cell) ?? "NULL" }.joined(separator: " | ")
        guard self.rowCount < Self.maximumRows, self.byteCount + line.utf8.count <= Self.maximumBytes else {
            self.isCut = true
            return false
        }
        self.lines.append(line)
        self.byteCount += line.utf8.count + 1
        self.rowCount += 1
        return true
    }

    package var text: String {
        let note =
            switch (self.rowCount, self.isCut) {
            case (_, true): "(There are more rows; these are the first \(self.rowCount).)"
            case (0, false): "(no rows)"
            case (1, false): "(1 row)"
            case (let count, false): "(\(count) rows)"
            }
        return (self.lines + [note]).joined(separator: "\n")
    }

    /// A value on one line, in which no `|` can be taken for the next column.
    private static func cell(_ text: String) -> String {
        var cell = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(Self.maximumValueScalars) {
            switch scalar {
            case "|": cell.append(contentsOf: "\\|".unicodeScalars)
            case _ where scalar.properties.generalCategory == .control: cell.append(" ")
            default: cell.append(scalar)
            }
        }
        let isWhole = text.unicodeScalars.count <= Self.maximumValueScalars
        return String(cell) + (isWhole ? "" : "…")
    }
}
