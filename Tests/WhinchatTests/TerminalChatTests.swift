import JSON
import Testing

@testable import Whinchat

/// Each test reads as a dialogue: what the client is told, what it does.
@Suite struct TerminalChatTests {
    private func frame(_ text: String) throws -> TerminalChat.Input {
        .frame(try JSONValue(parsing: text))
    }

    /// A client with an open session that has been told a line.
    private func running(isInteractive: Bool = true, line: String = "hi") throws -> TerminalChat {
        var chat = TerminalChat(isInteractive: isInteractive, idPrefix: "x")
        _ = chat.received(.opened)
        _ = chat.received(try frame(#"{"type":"welcome","session":"s_1"}"#))
        _ = chat.received(.line(line))
        return chat
    }

    private func streaming(isInteractive: Bool = true) throws -> TerminalChat {
        var chat = try running(isInteractive: isInteractive)
        _ = chat.received(try frame(#"{"type":"turn.started","ref":"x-1","turn":"t_1"}"#))
        _ = chat.received(try frame(#"{"type":"block.started","turn":"t_1","index":0,"kind":"text"}"#))
        return chat
    }

    @Test func `it opens a session, then asks for a line and sends it`() throws {
        var chat = TerminalChat(isInteractive: false, idPrefix: "x")
        #expect(chat.received(.opened) == [.send(["type": "open"])])
        #expect(chat.received(try frame(#"{"type":"welcome","session":"s_1"}"#)) == [.readLine])
        #expect(chat.received(.line("hi")) == [.send(["type": "send", "id": "x-1", "text": "hi"])])
    }

    @Test func `a reply is written as it comes, and the next line is asked for at its end`() throws {
        var chat = try streaming(isInteractive: false)
        #expect(chat.received(try frame(#"{"type":"delta","turn":"t_1","index":0,"text":"Hel"}"#)) == [.write("Hel")])
        #expect(chat.received(try frame(#"{"type":"delta","turn":"t_1","index":0,"text":"lo"}"#)) == [.write("lo")])
        #expect(chat.received(try frame(#"{"type":"block.done","turn":"t_1","index":0}"#)) == [])
        let end = chat.received(try frame(#"{"type":"turn.done","turn":"t_1","status":"completed"}"#))
        #expect(end == [.write("\n"), .readLine])
        #expect(chat.received(.endOfInput) == [.leave(0)])
    }

    @Test func `a reply that ends its line gets no second one`() throws {
        var chat = try streaming()
        _ = chat.received(try frame(#"{"type":"delta","turn":"t_1","index":0,"text":"Hello\n"}"#))
        #expect(chat.received(try frame(#"{"type":"turn.done","turn":"t_1","status":"completed"}"#)) == [.readLine])
    }

    @Test func `only a reply's own text is written`() throws {
        var chat = try streaming()
        for text in [
            #"{"type":"delta","turn":"t_2","index":0,"text":"another turn"}"#,
            #"{"type":"delta","turn":"t_1","index":7,"text":"an unknown block"}"#,
            #"{"type":"block.started","turn":"t_1","index":1,"kind":"tool_call","call":"c_1","name":"calculate"}"#,
            #"{"type":"delta","turn":"t_1","index":1,"text":"{\"expression\""}"#,
            #"{"type":"later","turn":"t_1"}"#, #"{"seq":5}"#, "[]", "5",
        ] {
            #expect(chat.received(try frame(text)) == [], "\(text)")
        }
    }

    @Test func `a tool call is a line, its result another`() throws {
        var chat = try streaming()
        _ = chat.received(try frame(#"{"type":"delta","turn":"t_1","index":0,"text":"Let me see"}"#))
        let started = chat.received(
            try frame(
                #"{"type":"tool.started","turn":"t_1","call":"c_1","name":"calculate","input":{"expression":"6*7"}}"#))
        #expect(started == [.write("\n"), .note(#"[calculate {"expression":"6*7"}]"#)])
        let done = chat.received(
            try frame(#"{"type":"tool.done","turn":"t_1","call":"c_1","output":"42","is_error":false}"#))
        #expect(done == [.note("[calculate → 42]")])
        let failed = chat.received(
            try frame(#"{"type":"tool.done","turn":"t_1","call":"c_2","output":"a\nb","is_error":true}"#))
        #expect(failed == [.note("[tool failed: a b]")])
    }

    @Test func `notes do not cut a reply that goes to a file`() throws {
        var chat = try streaming(isInteractive: false)
        _ = chat.received(try frame(#"{"type":"delta","turn":"t_1","index":0,"text":"a"}"#))
        let note = chat.received(try frame(#"{"type":"turn.retrying","turn":"t_1","delay_ms":1500,"message":"busy"}"#))
        #expect(note == [.note("[trying again in 1.5 s: busy]")])
        #expect(
            chat.received(try frame(#"{"type":"queue","turn":"t_2","position":3}"#)) == [
                .note("[waiting for a place: 3]")
            ])
    }

    @Test func `a turn that fails is said, and the exit code tells`() throws {
        var chat = try streaming(isInteractive: false)
        let end = chat.received(
            try frame(
                #"{"type":"turn.done","turn":"t_1","status":"failed","error":{"code":"upstream_auth","message":"no key"}}"#
            ))
        #expect(end == [.note("[failed: no key]"), .readLine])
        #expect(chat.received(.endOfInput) == [.leave(1)])
    }

    @Test func `a send that is refused ends, and the exit code tells`() throws {
        var chat = try running(isInteractive: false)
        let refused = chat.received(
            try frame(#"{"type":"error","ref":"x-1","code":"message_too_long","message":"at most 5"}"#))
        #expect(refused == [.note("Error: at most 5 (message_too_long)"), .readLine])
        #expect(chat.received(.endOfInput) == [.leave(1)])
    }

    @Test func `an error that is not about the running command does not end it`() throws {
        var chat = try running()
        let note = chat.received(try frame(#"{"type":"error","code":"busy","message":"later"}"#))
        #expect(note == [.note("Error: later (busy)")])
        #expect(chat.received(.line("ignored")) == [])
    }

    @Test func `a session that cannot be opened is the end`() throws {
        var chat = TerminalChat(isInteractive: true, idPrefix: "x")
        _ = chat.received(.opened)
        let end = chat.received(try frame(#"{"type":"error","code":"overloaded","message":"full"}"#))
        #expect(end == [.note("Error: full (overloaded)"), .leave(1)])
    }

    @Test func `Ctrl-C cancels the turn, before it has started too, and twice leaves`() throws {
        var early = try running()
        #expect(
            early.received(.interrupt)
                == [.note("Stopping. Ctrl-C again leaves."), .send(["type": "cancel", "send": "x-1"])])
        #expect(early.received(.interrupt) == [.leave(130)])
        #expect(early.received(.interrupt) == [])

        var late = try streaming()
        #expect(late.received(.interrupt).last == .send(["type": "cancel", "turn": "t_1"]))
        let end = late.received(try frame(#"{"type":"turn.done","turn":"t_1","status":"cancelled"}"#))
        #expect(end == [.note("[cancelled]"), .readLine])
        #expect(late.received(.interrupt) == [.write("\n"), .leave(0)])
    }

    @Test func `a turn that is cancelled in the queue ends too`() throws {
        var chat = try running()
        let end = chat.received(try frame(#"{"type":"turn.done","ref":"x-1","turn":"t_9","status":"cancelled"}"#))
        #expect(end == [.note("[cancelled]"), .readLine])
    }

    @Test func `commands begin with a slash`() throws {
        var chat = try streaming()
        _ = chat.received(try frame(#"{"type":"turn.done","turn":"t_1","status":"completed"}"#))
        #expect(chat.received(.line("  ")) == [.readLine])
        #expect(chat.received(.line("/nothing")).last == .readLine)
        #expect(chat.received(.line("/retry")) == [.send(["type": "regenerate", "id": "x-2"])])
        _ = chat.received(try frame(#"{"type":"turn.done","ref":"x-2","turn":"t_2","status":"completed"}"#))
        #expect(chat.received(.line("/new")) == [.send(["type": "open"])])
        #expect(chat.received(try frame(#"{"type":"welcome","session":"s_2"}"#)).last == .readLine)
        #expect(chat.received(.line("/usr/bin is a folder")).count == 1)
        _ = chat.received(try frame(#"{"type":"turn.done","ref":"x-3","turn":"t_3","status":"completed"}"#))
        #expect(chat.received(.line("/quit")) == [.leave(0)])
    }

    @Test func `the end of the connection is said and is a failure`() throws {
        var chat = try streaming()
        let end = chat.received(.closed(reason: "close code 1012"))
        #expect(end == [.note("The connection has ended: close code 1012"), .leave(1)])
    }

    @Test func `a model's text cannot steer the terminal`() throws {
        var chat = try streaming()
        let written = chat.received(
            try frame(#"{"type":"delta","turn":"t_1","index":0,"text":"a\u001b[2Jb\u0007\tc\u009b1m\r\n"}"#))
        #expect(written == [.write("a[2Jb\tc1m\n")])
    }
}
