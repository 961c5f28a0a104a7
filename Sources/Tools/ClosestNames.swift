/// The names that are nearest to what was written, the nearest first: those for which at most a third of its letters, or
/// one, would have to change, and never all of them.
func closestNames(to written: String, among names: [String], limit: Int) -> [String] {
    let letters = Array(written.lowercased().unicodeScalars)
    let most = min(max(1, letters.count / 3), letters.count - 1)
    let near = names.compactMap { name -> (name: String, distance: Int)? in
        let distance = editDistance(letters, Array(name.lowercased().unicodeScalars))
        return distance <= most ? (name, distance) : nil
    }
    return near.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(limit).map(\.name)
}

/// How many letters must be added, removed or replaced to make one word the other (Levenshtein 1965).
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var row = Array(0...right.count)
    for (index, scalar) in left.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for (column, other) in right.enumerated() {
            let replaced = diagonal + (scalar == other ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
        }
    }
    return row[right.count]
}
