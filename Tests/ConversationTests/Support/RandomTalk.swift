import Conversation
import JSON

/// A conversation that is as odd as the seed has it: branches, failed turns, tools, replies that broke off.
struct RandomTalk {
    private var generator: SeededGenerator
    private(set) var tree = MessageTree()
    private var ids: [String] = []
    private var users: [String] = []

    init(seed: UInt64) throws {
        self.generator = SeededGenerator(seed: seed)
        for index in 0..<self.number(1...60) { try self.addTurn(index) }
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self.generator) }

    mutating func optional(_ range: ClosedRange<Int>) -> Int? { self.number(0...1) == 0 ? nil : self.number(range) }

    private mutating func text(_ range: ClosedRange<Int>) -> String {
        String(repeating: ["word ", "слово ", "字", "123, ", "👍"][self.number(0...4)], count: self.number(range))
    }

    private mutating func addTurn(_ index: Int) throws {
        // Mostly goes on where it ended; now and then elsewhere, or anew.
        let parent = self.number(0...9) < 8 ? self.ids.last : self.ids.randomElement(using: &self.generator)
        let user = Message(
            id: "u\(index)", parent: parent, role: .user, content: [.text(self.text(1...300))], createdAt: 0, turn: "t")
        try self.tree.insert(user)
        self.users.append(user.id)
        self.ids.append(user.id)
        guard self.number(0...9) > 0 else { return }
        let content = self.content(index)
        let reply = Message(
            id: "a\(index)", parent: user.id, role: .assistant, content: content, createdAt: 0, turn: "t",
            partial: content.isEmpty)
        try self.tree.insert(reply)
        self.ids.append(reply.id)
    }

    private mutating func content(_ index: Int) -> [ContentBlock] {
        switch self.number(0...9) {
        case 0: return []
        case 1: return [.text(" \n")]
        case 2: return [.thinking(Thinking(text: "hm", signature: "s"))]
        case 3: return [.text("x"), .toolCall(ToolCall(id: "c", name: "f", input: nil))]
        case 4, 5:
            var content: [ContentBlock] = []
            for _ in 0..<self.number(1...4) {
                // Ids that repeat, as some servers make them.
                content.append(.toolCall(ToolCall(id: "c\(self.number(0...1))", name: "f", input: ["a": 1])))
            }
            for block in content.dropLast(self.number(0...1)) {
                guard case .toolCall(let call) = block else { continue }
                let output = self.text(1...800)
                content.append(.toolResult(ToolResult(call: call.id, output: output, isError: false)))
            }
            return content + [.text(self.text(1...50))]
        default: return [.text(self.text(1...400))]
        }
    }

    /// What a policy may be asked, for some head and some settings.
    mutating func input(policy: String) -> ContextInput {
        let head = self.users[self.number(0...self.users.count - 1)]
        let path = self.tree.path(to: head)
        let context = SessionSettings.Context(
            policy: policy, turns: self.optional(1...15), budgetTokens: self.optional(256...8_000),
            minimumTurns: self.optional(1...5), recall: self.optional(0...6),
            clearToolResultsAfter: self.optional(0...8))
        var calibration = TokenCalibration()
        if self.number(0...1) == 0 {
            calibration.observe(TokenLesson(error: 0, raw: 1_000, tokens: Double(self.number(600...2_000))))
        }
        let summaries = (0..<self.number(0...4)).compactMap { _ in self.ids.randomElement(using: &self.generator) }
            .map { RunningSummary(text: self.text(1...100), lastMessage: $0) }
        let rankings = (0..<self.number(0...2)).map { _ in Array(self.ids.shuffled(using: &self.generator).prefix(12)) }
        return ContextInput(
            path: path,
            settings: SessionSettings(system: self.text(0...50), model: "m", context: context),
            windowTokens: self.optional(300...20_000), replyTokens: self.optional(1...1_000),
            estimator: TokenEstimator(model: "m", calibration: calibration), summaries: summaries, rankings: rankings)
    }
}
