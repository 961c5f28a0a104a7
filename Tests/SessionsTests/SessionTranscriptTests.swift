import Conversation
import JSON
import Sessions
import Testing

@Suite struct SessionTranscriptTests {
    private static let settings = SessionSettings(system: "Be brief.", model: "m-1")

    private static func turn(
        _ name: String, after parent: String, state: StoredTurn.State = .ended, pieces: [ReplyPiece] = []
    ) -> StoredTurn {
        StoredTurn(
            accepted: AcceptedTurn(
                id: "t_\(name)", kind: .send, ref: "r_\(name)", parent: parent, reply: "a_\(name)", seq: 1,
                settings: settings),
            state: state, pieces: pieces)
    }

    private static func user(_ name: String, after parent: String?, _ text: String) -> Message {
        Message(
            id: "u_\(name)", parent: parent, role: .user, content: [.text(text)], createdAt: 0, turn: "t_\(name)")
    }

    private static func reply(_ name: String, after parent: String, _ content: [ContentBlock]) -> Message {
        Message(
            id: "a_\(name)", parent: parent, role: .assistant, content: content, createdAt: 1_000, turn: "t_\(name)",
            model: "m-1", usage: Usage(inputTokens: 3, outputTokens: 5), status: .completed)
    }

    private static func session(
        head: String?, turns: [StoredTurn], messages: [Message], title: String = ""
    ) -> StoredSession {
        var settings = settings
        settings.title = title
        return StoredSession(
            id: "s_1", owner: Owner(key: "anonymous:secret"), ownerTerm: 1, epoch: "e_1", lastSeq: 9, isAtRest: true,
            settings: settings, createdAt: 0, lastActiveAt: 2_000, turns: turns, messages: messages, head: head)
    }

    /// A question, two replies to it, and a question that follows the first of them.
    private static func forked(head: String) -> StoredSession {
        session(
            head: head,
            turns: [turn("1", after: "u_1"), turn("2", after: "u_1"), turn("3", after: "u_3")],
            // In any order.
            messages: [
                reply("3", after: "u_3", [.text("third")]), reply("2", after: "u_1", [.text("second")]),
                user("3", after: "a_1", "And then?"), user("1", after: nil, "What\nis it?"),
                reply("1", after: "u_1", [.text("first")]),
            ])
    }

    @Test(arguments: [
        ("a_3", ["u_1", "a_1", "u_3", "a_3"]), ("a_2", ["u_1", "a_2"]), ("u_3", ["u_1", "a_1", "u_3"]),
        ("a_unknown", []),
    ])
    func `what is shown is the path to the head`(head: String, path: [String]) {
        let transcript = SessionTranscript(Self.forked(head: head))
        #expect(transcript.shown.map(\.id) == path)
        #expect(transcript.messages.map(\.id) == ["u_1", "a_1", "a_2", "u_3", "a_3"])
        #expect(transcript.usage == Usage(inputTokens: 9, outputTokens: 15))
    }

    @Test func `a path goes through a reply that there is not yet`() {
        let session = Self.session(
            head: "a_2",
            turns: [Self.turn("1", after: "u_1", state: .queued), Self.turn("2", after: "u_2", state: .queued)],
            messages: [Self.user("1", after: nil, "One"), Self.user("2", after: "a_1", "Two")])
        #expect(SessionTranscript(session).shown.map(\.id) == ["u_1", "u_2"])
    }

    @Test func `a running reply is there with what it said`() {
        let pieces = [
            ReplyPiece(number: 0, item: 0, block: .text("It ")), ReplyPiece(number: 1, item: 0, block: .text("is")),
        ]
        let session = Self.session(
            head: "a_1", turns: [Self.turn("1", after: "u_1", state: .running, pieces: pieces)],
            messages: [Self.user("1", after: nil, "One")])
        let transcript = SessionTranscript(session)
        #expect(transcript.shown.map(\.content) == [[.text("One")], [.text("It is")]])
        #expect(transcript.shown.map(\.partial) == [false, true])
        #expect(transcript.markdown.hasSuffix("It is\n\n*(not finished)*\n"))
    }

    @Test func `messages that follow each other in a circle end`() {
        let session = Self.session(
            head: "a_1", turns: [Self.turn("1", after: "u_1")],
            messages: [Self.user("1", after: "a_1", "One"), Self.reply("1", after: "u_1", [])])
        #expect(SessionTranscript(session).shown.map(\.id) == ["u_1", "a_1"])
    }

    @Test func `the heading is the title, else the first words in a line`() {
        #expect(SessionTranscript(Self.forked(head: "a_3")).heading == "What is it?")
        let titled = Self.session(head: nil, turns: [], messages: [], title: "A title")
        #expect(SessionTranscript(titled).heading == "A title")
        #expect(SessionTranscript(Self.session(head: nil, turns: [], messages: [])).heading == nil)
    }

    @Test func `JSON has every branch, and reads back`() throws {
        let session = Self.forked(head: "a_2")
        let json = try JSONValue(parsing: SessionTranscript(session).json.jsonText)
        #expect(json["id"] == "s_1")
        #expect(json["head"] == "a_2")
        #expect(json["settings"]?["system"] == "Be brief.")
        let messages = try #require(json["messages"]?.arrayValue)
        #expect(messages.map { $0["id"] } == ["u_1", "a_1", "a_2", "u_3", "a_3"])
        #expect(messages.map { $0["parent"] } == [.null, "u_1", "u_1", "a_1", "u_3"])
        #expect(messages[1]["content"] == [["kind": "text", "text": "first"]])
        #expect(messages[1]["usage"]?["output_tokens"] == 5)
        #expect(messages[1]["status"] == "completed")
        #expect(messages[1]["created_at"] == "1970-01-01T00:00:01.000Z")
        #expect(json["usage"]?["input_tokens"] == 9)
        // Whose it is, is nobody's business.
        #expect(!json.jsonText.contains("secret"))
    }

    @Test func `JSON has blocks of every kind`() throws {
        let content: [ContentBlock] = [
            .thinking(Thinking(text: "Hm", signature: "sig")),
            .toolCall(ToolCall(id: "c_1", name: "calculate", input: ["expression": "6*7"])),
            .toolCall(ToolCall(id: "c_2", name: "broken", input: nil)),
            .toolResult(ToolResult(call: "c_1", output: "42\0", isError: false)),
            .opaque(provider: "anthropic", ["type": "later"]), .text("It is 42."),
        ]
        let session = Self.session(
            head: "a_1", turns: [Self.turn("1", after: "u_1")],
            messages: [Self.user("1", after: nil, "6*7?"), Self.reply("1", after: "u_1", content)])
        let json = SessionTranscript(session).json
        #expect(
            json["messages"]?.arrayValue?[1]["content"] == [
                ["kind": "thinking", "text": "Hm", "signature": "sig"],
                ["kind": "tool_call", "call": "c_1", "name": "calculate", "input": ["expression": "6*7"]],
                ["kind": "tool_call", "call": "c_2", "name": "broken", "input": nil],
                ["kind": "tool_result", "call": "c_1", "output": "42\0", "is_error": false],
                ["kind": "opaque", "provider": "anthropic", "value": ["type": "later"]],
                ["kind": "text", "text": "It is 42."],
            ])
    }

    @Test func `Markdown has the shown branch with tool calls and results`() {
        var reply = Self.reply(
            "1", after: "u_1",
            [
                .thinking(Thinking(text: "Hm.\nYes.")),
                .toolCall(ToolCall(id: "c_1", name: "run", input: ["code": "```"])),
                .toolResult(ToolResult(call: "c_1", output: "a ```` b", isError: true)), .text("*Done*"),
            ])
        reply.partial = true
        reply.status = .cancelled
        let session = Self.session(
            head: "a_1", turns: [Self.turn("1", after: "u_1")],
            messages: [Self.user("1", after: nil, "Run [it]"), reply])
        #expect(
            SessionTranscript(session).markdown == """
                # Run \\[it\\]

                Session `s_1`, begun 1970-01-01T00:00:00.000Z, last active 1970-01-01T00:00:02.000Z.

                ## System

                Be brief.

                ## User

                *1970-01-01T00:00:00.000Z*

                Run [it]

                ## Assistant

                *1970-01-01T00:00:01.000Z, m-1*

                > *Thinking*
                > 
                > Hm.
                > Yes.

                **Tool call** `run`

                ````json
                {"code":"```"}
                ````

                **Error**

                `````
                a ```` b
                `````

                *Done*

                *(cancelled)*

                """)
    }
}
