import Conversation
import JSON

/// The demo's whole reply to a request, decided before the first word is said. A pure value: the same request gives the same
/// reply.
struct DemoReply: Hashable {
    struct Block: Hashable {
        var kind: BlockKind
        /// A word each, or a piece of a tool call's input.
        var pieces: [String]
    }

    enum End: Hashable {
        case stopped(StopReason)
        case broken
    }

    private(set) var blocks: [Block] = []
    private(set) var end = End.stopped(StopReason(.endTurn, word: "end_turn"))
    let inputTokens: Int

    init(to request: ModelRequest) {
        inputTokens = Self.estimate(request)
        let told = request.messages.flatMap { message in message.role == .user ? [Self.text(of: message)] : [] }
        let understood = DemoUnderstanding(told.last ?? "")
        let outcomes = Self.outcomes(in: request.messages)

        if understood.wantsThinking, outcomes.isEmpty { say(DemoText.thinkingAboutNothing, as: .thinking) }
        let calls = outcomes.isEmpty ? Self.calls(understood, among: request) : []
        if !outcomes.isEmpty {
            say(outcomes.joined(separator: " "))
        } else if !calls.isEmpty {
            say(calls.count == 1 ? "Let me look that up with a tool." : "Let me look these up with tools.")
            blocks += calls
            end = .stopped(StopReason(.toolUse, word: "tool_use"))
        } else {
            say(Self.answer(understood, told: told))
        }
        if understood.wantsFailure, outcomes.isEmpty { breakInTheMiddle() }
        if let limit = request.maxTokens { cut(to: limit) }
    }

    var outputTokens: Int { blocks.reduce(0) { $0 + $1.pieces.count } }

    // MARK: - What to say

    private static func answer(_ understood: DemoUnderstanding, told: [String]) -> String {
        let earlier = told.dropLast()
        if understood.wantsLength { return DemoText.essay }
        if let subject = understood.recall {
            let fact = earlier.reversed().lazy.compactMap { DemoUnderstanding($0).fact }.first { $0.subject == subject }
            if let fact { return "You told me: your \(subject) is \(fact.value)." }
            return "You have not told me your \(subject) in this session."
        }
        if understood.wantsQuotes {
            if earlier.isEmpty { return "This is the first thing that you have said to me in this session." }
            let quotes = earlier.suffix(5).map { "> \(shortened($0))" }.joined(separator: "\n>\n")
            return "These are your last messages before this one:\n\n\(quotes)\n"
        }
        if let fact = understood.fact {
            let greeting = fact.subject == "name" ? "Pleased to meet you, \(fact.value). " : ""
            return greeting
                + "I will remember that your \(fact.subject) is \(fact.value), for as long as this session lasts."
        }
        if understood.query == nil, understood.email == nil, understood.expression != nil {
            return "I would need the calculator for that, and it is switched off in this session."
        }
        if understood.timeZone != nil {
            return "I would need the clock for that, and it is switched off in this session."
        }
        if understood.wantsThinking {
            return "That was what a thinking block looks like. The answer comes after it, like this."
        }
        if understood.wantsFailure {
            return "You asked me to break in the middle, so this sentence will begin as any other, go on for a while, "
                + "and then the connection to the provider will be lost before it has come to its end, as happens in real life."
        }
        if understood.wantsHelp { return DemoText.help }
        if understood.isGreeting { return "Hello! \(DemoText.introduction) Say \"help\" to see what I can do." }
        guard let last = told.last, !last.isEmpty else { return DemoText.introduction }
        return "You said: \"\(shortened(last))\". \(DemoText.introduction) Say \"help\" to see what I can do."
    }

    /// What became of the tools that were called since the user last spoke, a sentence each.
    private static func outcomes(in messages: [Message]) -> [String] {
        guard let last = messages.last, last.role == .assistant else { return [] }
        var calls: [String: ToolCall] = [:]
        var sentences: [String] = []
        for block in last.content {
            if case .toolCall(let call) = block { calls[call.id] = call }
            guard case .toolResult(let result) = block else { continue }
            let call = calls[result.call]
            let output = shortened(result.output)
            switch (call?.name, result.isError) {
            case (let name, true): sentences.append("The tool \(name ?? "that I called") failed: \(output)")
            case ("calculate", _):
                sentences.append("\(call?.input?["expression"]?.stringValue ?? "That") is \(output).")
            case ("current_time", _):
                sentences.append("In \(call?.input?["time_zone"]?.stringValue ?? "that place") it is now: \(output).")
            case ("get_weather", _), ("query_database", _): sentences.append(quoted(result.output))
            case ("send_email", _): sentences.append("It is in the outbox: \(output)")
            case (let name, _): sentences.append("The tool \(name ?? "that I called") says: \(output)")
            }
        }
        return sentences
    }

    private static func calls(_ understood: DemoUnderstanding, among request: ModelRequest) -> [Block] {
        let offered = Set(request.tools.map(\.name))
        // Told apart by how long the conversation is, so that each turn's calls have ids of their own.
        let round = request.messages.reduce(0) { $0 + $1.content.count }
        var calls: [Block] = []
        func call(_ name: String, _ input: JSONValue) { call(name, json: input.jsonText) }
        func call(_ name: String, json: String) {
            let kind = BlockKind.toolCall(id: "demo_\(round)_\(calls.count)", name: name)
            calls.append(Block(kind: kind, pieces: pieces(ofInput: json)))
        }
        // As it was typed, invalid too: one can see what becomes of that.
        if let named = understood.namedCall, offered.contains(named.name) {
            call(named.name, json: named.input)
            return calls
        }
        // The digits in a query or in an email's text are no sum to work out.
        if understood.query == nil, understood.email == nil, let expression = understood.expression,
            offered.contains("calculate")
        {
            call("calculate", ["expression": .string(expression)])
        }
        if let place = understood.weatherPlace, offered.contains("get_weather") {
            call("get_weather", ["place": .string(place)])
        }
        if let query = understood.query, offered.contains("query_database") {
            call("query_database", ["sql": .string(query)])
        }
        if let email = understood.email, offered.contains("send_email") {
            call(
                "send_email",
                ["to": [.string(email.address)], "subject": "A message by Whinchat", "body": .string(email.body)])
        }
        if let zone = understood.timeZone, offered.contains("current_time") {
            call("current_time", ["time_zone": .string(zone)])
        }
        if understood.asksWhere, offered.contains("get_location") { call("get_location", [:]) }
        if let theme = understood.theme, offered.contains("set_theme") { call("set_theme", ["theme": .string(theme)]) }
        return calls
    }

    // MARK: - How it is said

    private mutating func say(_ text: String, as kind: BlockKind = .text) {
        blocks.append(Block(kind: kind, pieces: Self.words(of: text)))
    }

    private mutating func breakInTheMiddle() {
        cut(to: max(1, outputTokens / 2))
        end = .broken
    }

    private mutating func cut(to limit: Int) {
        guard outputTokens > limit else { return }
        var left = max(limit, 0)
        for place in blocks.indices {
            let pieces = blocks[place].pieces.prefix(left)
            left -= pieces.count
            blocks[place].pieces = Array(pieces)
        }
        blocks.removeAll { $0.pieces.isEmpty }
        end = .stopped(StopReason(.maxTokens, word: "max_tokens"))
    }

    /// Words with the white space before them, as models say them.
    static func words(of text: String) -> [String] {
        var words: [String] = []
        var word = ""
        var isInWord = false
        for character in text {
            if character.isWhitespace, isInWord {
                words.append(word)
                word = ""
            }
            isInWord = !character.isWhitespace
            word.append(character)
        }
        if !word.isEmpty { words.append(word) }
        return words
    }

    private static func pieces(ofInput json: String) -> [String] {
        stride(from: 0, to: json.count, by: 6).map { String(json.dropFirst($0).prefix(6)) }
    }

    private static func text(of message: Message) -> String {
        message.content.compactMap { if case .text(let text) = $0 { text } else { nil } }.joined(separator: "\n")
    }

    /// Lines as they are, in a block of code.
    private static func quoted(_ output: String) -> String { "\n\n```\n\(shortened(output, to: 2000))\n```\n" }

    /// The first scalars: a quote, not a copy. (Of characters, one can be megabytes.)
    private static func shortened(_ text: String, to limit: Int = 300) -> String {
        let start = text.unicodeScalars.prefix(limit)
        return start.endIndex == text.endIndex ? text : String(start) + "…"
    }

    /// Four bytes a token, as is usual for English.
    private static func estimate(_ request: ModelRequest) -> Int {
        let bytes = request.messages.reduce(request.system?.utf8.count ?? 0) { sum, message in
            message.content.reduce(sum) { sum, block in
                switch block {
                case .text(let text): sum + text.utf8.count
                case .thinking(let thinking): sum + thinking.text.utf8.count
                case .toolCall(let call): sum + call.name.utf8.count + (call.input?.jsonText.utf8.count ?? 0)
                case .toolResult(let result): sum + result.output.utf8.count
                case .opaque: sum
                }
            }
        }
        return (bytes + 3) / 4
    }
}
