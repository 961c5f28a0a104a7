import JSON

extension ModelEventBatch {
    /// Reads the string that comes next as a delta; an empty one is no event. Says whether there was one.
    @discardableResult
    mutating func appendDelta(index: Int, _ json: inout JSONScanner) throws(JSONError) -> Bool {
        let start = text.count
        try json.readString(into: &text)
        guard text.count > start else { return false }
        events.append(.delta(index: index, text: start..<text.count))
        return true
    }

    mutating func appendDelta(index: Int, _ string: String) {
        guard !string.isEmpty else { return }
        let start = text.count
        text.append(contentsOf: string.utf8)
        events.append(.delta(index: index, text: start..<text.count))
    }
}
