import Conversation
import JSON
import Testing

@testable import Models

@Suite struct DemoReplyTests {
    private let tools = ["calculate", "current_time"].map {
        ToolDescription(name: $0, description: "", inputSchema: ["type": "object"])
    }

    private func reply(_ messages: Message..., tools: [ToolDescription] = [], maxTokens: Int? = nil) -> DemoReply {
        DemoReply(to: ModelRequest(model: "demo", messages: messages, tools: tools, maxTokens: maxTokens))
    }

    private func text(_ reply: DemoReply) -> String {
        reply.blocks.filter { $0.kind == .text }.flatMap(\.pieces).joined()
    }

    private func calls(_ reply: DemoReply) throws -> [String] {
        try reply.blocks.compactMap { block in
            guard case .toolCall(_, let name) = block.kind else { return nil }
            return "\(name) \(try JSONValue(parsing: block.pieces.joined()).jsonText)"
        }
    }

    @Test(arguments: ["Hello!", "help", "Tell me about quantum physics", "", "write something long"])
    func `it says that it is no language model`(message: String) {
        #expect(text(reply(.user(message))).contains("I am not a language model"))
    }

    @Test func `it remembers names and other facts`() {
        let told = Message.user("My name is Ada.")
        #expect(text(reply(told)).contains("Pleased to meet you, Ada."))
        #expect(
            text(reply(told, .assistant(.text("…")), .user("What is my name?"))) == "You told me: your name is Ada.")
        #expect(
            text(reply(.user("my favourite colour is dark blue"), told, .user("what’s my favourite colour")))
                == "You told me: your favourite colour is dark blue.")
        #expect(
            text(reply(told, .user("No, call me Grace!"), .user("who am I?"))) == "You told me: your name is Grace.")
        #expect(text(reply(.user("what is my name?"))) == "You have not told me your name in this session.")
    }

    @Test func `it quotes what was said`() {
        let quoted = text(reply(.user("first"), .user("second"), .user("What did I say?")))
        #expect(quoted.contains("> first") && quoted.contains("> second"))
        #expect(text(reply(.user("What did I say?"))).contains("the first thing"))
    }

    @Test(arguments: [
        ("What is 6×7?", "6*7"), ("what is 6 x 7", "6 * 7"), ("How much is 12 plus 30?", "12 + 30"),
        ("Calculate (1 + 2) * 3", "(1 + 2) * 3"), ("calculate sqrt(2) please?", "sqrt(2) please"), ("6*7", "6*7"),
        ("What is 6×7? Use the calculator.", "6*7"), ("10 divided by 4", "10 / 4"), ("what is 2^10 - 1?", "2^10 - 1"),
        ("It is 3.5 − 1.", "3.5 - 1"), ("what's -3 + 5", "-3 + 5"),
    ])
    func `a sum calls the calculator`(message: String, expression: String) throws {
        let reply = reply(.user(message), tools: tools)
        #expect(try calls(reply) == ["calculate {\"expression\":\"\(expression)\"}"])
        #expect(reply.end == .stopped(StopReason(.toolUse, word: "tool_use")))
        #expect(try #require(reply.blocks.last).pieces.count > 1)
    }

    @Test(arguments: ["I have 3 cats", "call 555-", "a-b", "on 1.2.", "it costs 5%"])
    func `what is no sum calls nothing`(message: String) throws {
        #expect(try calls(reply(.user(message), tools: tools)) == [])
    }

    @Test(arguments: [
        ("What time is it in Tokyo?", "Asia/Tokyo"), ("the time in New York please", "America/New_York"),
        ("What time is it?", "UTC"),
    ])
    func `a question for the time calls the clock`(message: String, zone: String) throws {
        #expect(try calls(reply(.user(message), tools: tools)) == ["current_time {\"time_zone\":\"\(zone)\"}"])
    }

    @Test(arguments: [
        ("What's the weather in São Paulo?", #"get_weather {"place":"São Paulo"}"#),
        ("How is the weather in Paris, Texas", #"get_weather {"place":"Paris, Texas"}"#),
        (
            "SELECT count(*) FROM orders WHERE id > 3 + 4",
            #"query_database {"sql":"SELECT count(*) FROM orders WHERE id > 3 + 4"}"#
        ),
        (
            "Send an email to Ada@example.com: 3+4 cups of tea?",
            #"send_email {"body":"3+4 cups of tea?","subject":"A message by Whinchat","to":["Ada@example.com"]}"#
        ),
        (
            "mail to a@example.com",
            #"send_email {"body":"Hello from Whinchat.","subject":"A message by Whinchat","to":["a@example.com"]}"#
        ),
    ])
    func `weather, queries and emails have their tools`(message: String, call: String) throws {
        let tools = ["calculate", "current_time", "get_weather", "query_database", "send_email"]
            .map { ToolDescription(name: $0, description: "", inputSchema: [:]) }
        #expect(try calls(reply(.user(message), tools: tools)) == [call])
    }

    @Test(arguments: [
        ("Where am I?", "get_location {}"), ("Use the dark theme, please", #"set_theme {"theme":"dark"}"#),
        ("switch to light mode", #"set_theme {"theme":"light"}"#), ("call get_location", "get_location {}"),
        (#"Call roll_dice {"sides": 6}"#, #"roll_dice {"sides":6}"#),
    ])
    func `the page's tools have their words, and any tool can be called by its name`(
        message: String, call: String
    ) throws {
        let tools = ["calculate", "get_location", "set_theme", "roll_dice"]
            .map { ToolDescription(name: $0, description: "", inputSchema: [:]) }
        #expect(try calls(reply(.user(message), tools: tools)) == [call])
        #expect(try calls(reply(.user(message))) == [])
    }

    @Test func `an input that is no JSON goes as it was typed`() throws {
        let tools = [ToolDescription(name: "roll_dice", description: "", inputSchema: [:])]
        let call = try #require(reply(.user(#"call roll_dice {"sides": 6*7"#), tools: tools).blocks.last)
        #expect(call.pieces.joined() == #"{"sides": 6*7"#)
    }

    @Test(arguments: ["The weather is nice", "I got an email yesterday", "please select one", "email to nobody"])
    func `what only sounds like it calls nothing`(message: String) throws {
        let tools = ["get_weather", "query_database", "send_email"]
            .map { ToolDescription(name: $0, description: "", inputSchema: [:]) }
        #expect(try calls(reply(.user(message), tools: tools)) == [])
    }

    @Test func `a table stays a table`() {
        let call = ContentBlock.call("c", "query_database", ["sql": "SELECT 1"])
        let answer = reply(.user("SELECT 1"), .assistant(call, .result("c", "a | b\n1 | 2\n(1 row)")))
        #expect(text(answer).contains("\n\n```\na | b\n1 | 2\n(1 row)\n```\n"))
    }

    @Test func `several tools are called at once, with ids of their own`() throws {
        let reply = reply(.user("What is 6*7, and what time is it in Berlin?"), tools: tools)
        #expect(try calls(reply).count == 2)
        let kinds = reply.blocks.map(\.kind)
        #expect(Set(kinds).count == kinds.count)
    }

    @Test func `tools are called only if they are offered`() throws {
        #expect(try calls(reply(.user("What is 6×7?"))) == [])
        #expect(text(reply(.user("What is 6×7?"))).contains("switched off"))
    }

    @Test func `results are used, and errors told`() {
        let call = ContentBlock.call("c", "calculate", ["expression": "6*7"])
        let question = Message.user("What is 6×7?")
        let answer = reply(question, .assistant(.text("Let me"), call, .result("c", "42")), tools: tools)
        #expect(text(answer) == "6*7 is 42.")
        #expect(answer.end == .stopped(StopReason(.endTurn, word: "end_turn")))
        #expect(
            text(reply(question, .assistant(call, .result("c", "division by zero", isError: true)), tools: tools))
                == "The tool calculate failed: division by zero")
    }

    @Test func `it thinks when asked`() {
        let reply = reply(.user("Think about it"))
        #expect(reply.blocks.map(\.kind) == [.thinking, .text])
    }

    @Test(arguments: ["break", "Please fail in the middle", "write something long and break"])
    func `it breaks when asked, after some words`(message: String) {
        let reply = reply(.user(message))
        #expect(reply.end == .broken)
        #expect(reply.outputTokens > 5)
    }

    @Test func `a long text is several hundred words of Markdown`() {
        let reply = reply(.user("Write something long"))
        #expect(reply.outputTokens > 300)
        for mark in ["\n## ", "\n- ", "\n1. ", "\n```swift\n", "**Stop**"] { #expect(text(reply).contains(mark)) }
        #expect(text(reply) == DemoText.essay)
    }

    @Test func `a bound on tokens cuts the reply, and says so`() {
        let reply = reply(.user("Write something long"), maxTokens: 10)
        #expect(reply.outputTokens == 10)
        #expect(reply.end == .stopped(StopReason(.maxTokens, word: "max_tokens")))
    }

    @Test func `the help lists what it can do`() {
        let help = text(reply(.user("help")))
        for word in ["Remember", "tools", "long", "Think", "Break"] { #expect(help.contains(word)) }
    }

    @Test func `words keep their white space`() {
        #expect(DemoReply.words(of: "  a b\n\n- c ") == ["  a", " b", "\n\n-", " c", " "])
        #expect(DemoReply.words(of: "") == [])
    }
}
