/// Which tool result answers which call of a message.
package enum ToolPairs {
    /// The place of each answered call with the place of its result. Ids may repeat (some servers count from 0 in each
    /// round), so a result answers the first call of its id before it that has none.
    package static func places(in content: [ContentBlock]) -> [Int: Int] {
        var open: [String: [Int]] = [:]
        var places: [Int: Int] = [:]
        for (place, block) in content.enumerated() {
            if case .toolCall(let call) = block {
                open[call.id, default: []].append(place)
            } else if case .toolResult(let result) = block, let call = open[result.call]?.first {
                open[result.call]?.removeFirst()
                places[call] = place
            }
        }
        return places
    }
}
