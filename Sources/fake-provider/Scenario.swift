/// What a reply does, as the requested model's name says.
enum Scenario: Equatable {
    enum Ending: Equatable {
        case complete, stall, reset, truncate, error
        /// With the provider's word for it.
        case stop(reason: String)
    }

    case tokens(count: Int, ratePerSecond: Int, areStamps: Bool)
    case silent
    case after(count: Int, Ending)
    case status(Int)
    case toolCalculate
    /// A call of any tool.
    case callTool(String)
    /// Pauses, and goes on to the end where it is asked to.
    case pausesOnce
    case fixture(name: String, pieceBytes: Int?)

    init?(model: String) {
        let words = model.split(separator: "-").map(String.init)
        let numbers = words.map { Int($0) ?? -1 }
        switch words.first {
        case "tokens" where words.count == 4 && words[2] == "rate",
            "stamps" where words.count == 4 && words[2] == "rate":
            guard numbers[1] >= 0, numbers[3] >= 0 else { return nil }
            self = .tokens(count: numbers[1], ratePerSecond: numbers[3], areStamps: words[0] == "stamps")
        case "silent": self = .silent
        case let word? where words.count == 3 && words[1] == "after" && numbers[2] >= 0:
            let endings: [String: Ending] = ["stall": .stall, "break": .reset, "truncate": .truncate, "error": .error]
            guard let ending = endings[word] else { return nil }
            self = .after(count: numbers[2], ending)
        case "status" where words.count == 2 && (400..<600).contains(numbers[1]): self = .status(numbers[1])
        case "tool" where words == ["tool", "calculate"]: self = .toolCalculate
        case "calls" where words.count > 1: self = .callTool(String(model.dropFirst("calls-".count)))
        case "stops" where words.count == 2: self = .after(count: 3, .stop(reason: words[1]))
        case "pauses" where words == ["pauses", "once"]: self = .pausesOnce
        case "fixture" where words.count > 1:
            var name = String(model.dropFirst("fixture-".count))
            var pieceBytes: Int?
            if words.count > 3, words[words.count - 2] == "split", let bytes = Int(words[words.count - 1]), bytes > 0 {
                pieceBytes = bytes
                name = String(name.dropLast("-split-\(words[words.count - 1])".count))
            }
            // The name comes from a request: it must not lead out of the folder.
            guard !name.contains("/"), !name.hasPrefix(".") else { return nil }
            self = .fixture(name: name, pieceBytes: pieceBytes)
        default: return nil
        }
    }
}
