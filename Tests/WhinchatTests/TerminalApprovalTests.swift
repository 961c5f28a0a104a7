import JSON
import Testing

@testable import Whinchat

/// A person's word on a tool: what the client is told, what it does.
@Suite struct TerminalApprovalTests {
    private func frame(_ text: String) throws -> TerminalChat.Input {
        .frame(try JSONValue(parsing: text))
    }

    private func approval(_ call: String) throws -> TerminalChat.Input {
        try frame(#"{"type":"tool.approval","turn":"t_1","call":"\#(call)","name":"send_email","input":{"to":"a"}}"#)
    }

    private func approved(_ call: String, _ decision: String = "allow") throws -> TerminalChat.Input {
        try frame(#"{"type":"tool.approved","turn":"t_1","call":"\#(call)","decision":"\#(decision)"}"#)
    }

    private func done() throws -> TerminalChat.Input {
        try frame(#"{"type":"turn.done","turn":"t_1","status":"completed"}"#)
    }

    private func word(_ call: String, _ decision: JSONValue, id: JSONValue) -> TerminalChat.Action {
        .send(["type": "tool.approve", "id": id, "call": .string(call), "decision": decision])
    }

    private let question = #"Allow send_email {"to":"a"}? [y/n] "#

    /// A client whose turn has asked about `c_1`.
    private func asked(isInteractive: Bool = true) throws -> TerminalChat {
        var chat = TerminalChat(isInteractive: isInteractive, idPrefix: "x")
        _ = chat.received(.opened)
        _ = chat.received(try frame(#"{"type":"welcome","session":"s_1"}"#))
        _ = chat.received(.line("hi"))
        _ = chat.received(try frame(#"{"type":"turn.started","ref":"x-1","turn":"t_1"}"#))
        #expect(chat.received(try approval("c_1")) == [.ask(question: question, readsLine: true)])
        return chat
    }

    @Test(arguments: ["y", " Yes "]) func `a yes allows`(line: String) throws {
        var chat = try asked()
        #expect(chat.received(.line(line)) == [word("c_1", "allow", id: "x-2")])
        #expect(chat.received(try approved("c_1")) == [.note("[send_email: allowed]")])
        #expect(chat.received(try done()) == [.readLine])
    }

    @Test func `a no denies, and anything else is asked again`() throws {
        var chat = try asked()
        #expect(chat.received(.line("maybe")) == [.ask(question: question, readsLine: true)])
        #expect(chat.received(.line("n")) == [word("c_1", "deny", id: "x-2")])
        #expect(chat.received(try approved("c_1", "deny")) == [.note("[send_email: denied]")])
    }

    @Test func `in a script only a yes is one`() throws {
        var chat = try asked(isInteractive: false)
        #expect(chat.received(.line("the next message")) == [word("c_1", "deny", id: "x-2")])
    }

    @Test func `where the input has ended it is a no, and the reply is heard to its end`() throws {
        var chat = try asked(isInteractive: false)
        #expect(chat.received(try approval("c_2")) == [])
        #expect(chat.received(.endOfInput) == [word("c_1", "deny", id: "x-2")])
        #expect(
            chat.received(try approved("c_1", "deny")) == [
                .note("[send_email: denied]"), word("c_2", "deny", id: "x-3"),
            ])
        _ = chat.received(try approved("c_2", "deny"))
        #expect(chat.received(try done()) == [.leave(0)])
    }

    @Test func `several calls are asked about one after the other`() throws {
        var chat = try asked()
        #expect(chat.received(try approval("c_2")) == [])
        _ = chat.received(.line("y"))
        #expect(
            chat.received(try approved("c_1"))
                == [.note("[send_email: allowed]"), .ask(question: question, readsLine: true)])
        #expect(chat.received(.line("n")) == [word("c_2", "deny", id: "x-3")])
    }

    @Test func `what somebody else has decided is not asked any more, and no line is lost`() throws {
        var chat = try asked()
        #expect(chat.received(try approved("c_1")) == [.write("\n"), .note("[send_email: allowed]")])
        // The line that the question had asked for is still to come: it is the next message.
        #expect(chat.received(try done()) == [.prompt])
        #expect(chat.received(.line("next")) == [.send(["type": "send", "id": "x-2", "text": "next"])])
    }

    @Test func `a word that could not be saved is asked for again, one that came too late is not`() throws {
        var chat = try asked()
        _ = chat.received(.line("y"))
        let again = chat.received(try frame(#"{"type":"error","ref":"x-2","code":"storage","message":"full"}"#))
        #expect(again == [.note("Error: full (storage)"), .ask(question: question, readsLine: true)])
        _ = chat.received(.line("y"))
        let late = chat.received(try frame(#"{"type":"error","ref":"x-3","code":"conflict","message":"late"}"#))
        #expect(late == [.note("Error: late (conflict)")])
    }

    @Test func `Ctrl-C at the question stops the turn`() throws {
        var chat = try asked()
        #expect(chat.received(.interrupt).last == .send(["type": "cancel", "turn": "t_1"]))
        let end = chat.received(try frame(#"{"type":"turn.done","turn":"t_1","status":"cancelled"}"#))
        #expect(end == [.note("[cancelled]"), .prompt])
    }
}
