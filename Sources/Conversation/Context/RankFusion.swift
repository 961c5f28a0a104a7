/// Merges rankings by rank alone, as their scores cannot be compared: reciprocal rank fusion (Cormack, Clarke and Büttcher,
/// SIGIR 2009).
package enum RankFusion {
    /// No unit. The paper's constant: a first place counts little more than a second, so that no single ranking decides.
    package static let constant = 60

    /// - Parameter rankings: each best first; of an element that one ranking names twice, the better place counts.
    /// - Returns: every element once, best first; of equals, the one that was named first.
    package static func merged<Element: Hashable>(_ rankings: [[Element]]) -> [Element] {
        var scores: [Element: Double] = [:]
        var order: [Element: Int] = [:]
        for ranking in rankings {
            var seen: Set<Element> = []
            for element in ranking where seen.insert(element).inserted {
                scores[element, default: 0] += 1 / Double(self.constant + seen.count)
                if order[element] == nil { order[element] = order.count }
            }
        }
        return order.keys.sorted { left, right in
            let (first, second) = (scores[left] ?? 0, scores[right] ?? 0)
            return first == second ? (order[left] ?? 0) < (order[right] ?? 0) : first > second
        }
    }
}
