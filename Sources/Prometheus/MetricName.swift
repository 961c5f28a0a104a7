/// What Prometheus takes for a name.
enum MetricName {
    /// A metric's name: `[a-zA-Z_:][a-zA-Z0-9_:]*`. Other libraries name theirs `http.server.requests`.
    static func valid(_ name: String) -> String { valid(name, allowing: "_:") }

    static func valid(_ name: String, allowing marks: String) -> String {
        let scalars = name.unicodeScalars.map { scalar in
            let isDigit = ("0"..."9").contains(scalar)
            let isLetter = ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
            return isDigit || isLetter || marks.unicodeScalars.contains(scalar) ? Character(scalar) : "_"
        }
        guard let first = scalars.first, !("0"..."9").contains(first) else { return "_" + String(scalars) }
        return String(scalars)
    }
}
