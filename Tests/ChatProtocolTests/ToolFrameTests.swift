import ChatProtocol
import Conversation
import JSON
import NIOCore
import Testing

/// Tools that a client runs, and those that a person has to allow.
@Suite struct ToolFrameTests {
    private func parse(_ text: String) throws(ClientFrameRefusal) -> ClientFrame {
        try ClientFrame(parsing: ByteBuffer(string: text))
    }

    private func refusal(_ text: String) -> ClientFrameRefusal? {
        do throws(ClientFrameRefusal) {
            _ = try parse(text)
            return nil
        } catch {
            return error
        }
    }

    private func json(_ frame: ByteBuffer) throws -> JSONValue { try JSONValue(parsing: frame.readableBytesView) }

    // MARK: tool.result

    @Test func `a result, with and without what need not be said`() throws {
        #expect(
            try parse(#"{"type":"tool.result","call":"c_1","output":""}"#)
                == ClientFrame(id: nil, command: .toolResult(ToolAnswer(call: "c_1", output: "", isError: false))))
        #expect(
            try parse(#"{"type":"tool.result","id":"r","call":"c_1","output":"no","is_error":true}"#)
                == ClientFrame(id: "r", command: .toolResult(ToolAnswer(call: "c_1", output: "no", isError: true))))
    }

    @Test(arguments: [
        (#""output":"x""#, "call"), (#""call":"c 1","output":"x""#, "call"), (#""call":"c_1""#, "output"),
        (#""call":"c_1","output":7"#, "output"), (#""call":"c_1","output":{}"#, "output"),
        (#""call":"c_1","output":"x","is_error":"yes""#, "is_error"),
    ])
    func `a result that is none`(members: String, field: String) {
        let error = refusal(#"{"type":"tool.result","id":"r",\#(members)}"#)
        #expect(error?.error.code == .badField)
        #expect(error?.error.field == field)
        #expect(error?.ref == "r")
    }

    @Test func `a result is bounded in bytes`() throws {
        let most = String(repeating: "ü", count: ProtocolLimits.toolOutputBytes / 2)
        _ = try parse(#"{"type":"tool.result","call":"c_1","output":"\#(most)"}"#)
        #expect(refusal(#"{"type":"tool.result","call":"c_1","output":"\#(most)x"}"#)?.error.field == "output")
    }

    // MARK: tool.approve

    @Test func `a person's word`() throws {
        #expect(
            try parse(#"{"type":"tool.approve","call":"c_1","decision":"allow","input":null}"#)
                == ClientFrame(id: nil, command: .toolApprove(ToolDecision(call: "c_1", decision: .allow))))
        let edited = ToolDecision(call: "c_1", decision: .allow, input: ["to": "Ada"])
        #expect(
            try parse(#"{"type":"tool.approve","id":"a","call":"c_1","decision":"allow","input":{"to":"Ada"}}"#)
                == ClientFrame(id: "a", command: .toolApprove(edited)))
        let denied = ToolDecision(call: "c_1", decision: .deny, reason: "No.")
        #expect(
            try parse(#"{"type":"tool.approve","call":"c_1","decision":"deny","reason":"No."}"#)
                == ClientFrame(id: nil, command: .toolApprove(denied)))
    }

    @Test(arguments: [
        (#""decision":"allow""#, "call"), (#""call":"c_1""#, "decision"),
        (#""call":"c_1","decision":"yes""#, "decision"),
        (#""call":"c_1","decision":"allow","input":"to Ada""#, "input"),
        (#""call":"c_1","decision":"allow","input":[1]"#, "input"),
        (#""call":"c_1","decision":"deny","reason":7"#, "reason"),
    ])
    func `a word that is none`(members: String, field: String) {
        let error = refusal(#"{"type":"tool.approve",\#(members)}"#)
        #expect(error?.error.code == .badField)
        #expect(error?.error.field == field)
    }

    @Test func `a word's input and reason are bounded`() throws {
        func approve(_ member: String) -> String {
            #"{"type":"tool.approve","call":"c_1","decision":"allow",\#(member)}"#
        }
        let text = String(repeating: "x", count: ProtocolLimits.toolInputBytes - #"{"a":""}"#.utf8.count)
        _ = try parse(approve(#""input":{"a":"\#(text)"}"#))
        #expect(refusal(approve(#""input":{"a":"\#(text)x"}"#))?.error.field == "input")
        let reason = String(repeating: "ü", count: ProtocolLimits.reasonScalars)
        _ = try parse(approve(#""reason":"\#(reason)""#))
        #expect(refusal(approve(#""reason":"\#(reason)!""#))?.error.field == "reason")
    }

    // MARK: open.client_tools

    private func open(_ tools: String) -> String { #"{"type":"open","client_tools":[\#(tools)]}"# }

    private func tool(_ name: String, description: String = "d", schema: String = #"{"type":"object"}"#) -> String {
        #"{"name":"\#(name)","description":"\#(description)","input_schema":\#(schema)}"#
    }

    @Test func `declared tools come in order`() throws {
        let text = open(
            tool("b", schema: #"{"type":"object","properties":{"x":{"type":"string"}}}"#) + ","
                + tool("a", description: ""))
        let expected = [
            ToolDescription(
                name: "b", description: "d",
                inputSchema: ["type": "object", "properties": ["x": ["type": "string"]]]),
            ToolDescription(name: "a", description: "", inputSchema: ["type": "object"]),
        ]
        #expect(try parse(text) == ClientFrame(id: nil, command: .open(.init(clientTools: expected))))
    }

    @Test(arguments: [
        "7", "{}", #"{"name":"a b","description":"","input_schema":{"type":"object"}}"#,
        #"{"name":"","description":"","input_schema":{"type":"object"}}"#,
        #"{"name":"a","input_schema":{"type":"object"}}"#, #"{"name":"a","description":""}"#,
        #"{"name":"a","description":"","input_schema":{}}"#, #"{"name":"a","description":"","input_schema":true}"#,
        #"{"name":"a","description":"","input_schema":{"type":"string"}}"#,
    ])
    func `a declaration that is none`(tool: String) {
        let error = refusal(open(tool))
        #expect(error?.error.code == .badField)
        #expect(error?.error.field == "client_tools")
    }

    @Test func `declarations are bounded`() throws {
        func many(_ count: Int, schema: String = #"{"type":"object"}"#) -> String {
            (0..<count).map { tool("t\($0)", schema: schema) }.joined(separator: ",")
        }
        func schema(_ bytes: Int) -> String {
            let frame = #"{"title":"","type":"object"}"#
            return #"{"title":"\#(String(repeating: "x", count: bytes - frame.utf8.count))","type":"object"}"#
        }
        _ = try parse(open(many(ProtocolLimits.clientTools)))
        #expect(refusal(open(many(ProtocolLimits.clientTools + 1)))?.error.field == "client_tools")
        let words = String(repeating: "ü", count: ProtocolLimits.clientToolDescriptionScalars)
        _ = try parse(open(tool("a", description: words)))
        #expect(refusal(open(tool("a", description: words + "!")))?.error.field == "client_tools")
        _ = try parse(open(tool("a", schema: schema(ProtocolLimits.clientToolSchemaBytes))))
        #expect(
            refusal(open(tool("a", schema: schema(ProtocolLimits.clientToolSchemaBytes + 1))))?.error.field
                == "client_tools")
        // Together they may not fill what each may for itself.
        _ = try parse(open(many(3, schema: schema(ProtocolLimits.clientToolSchemaBytes))))
        #expect(
            refusal(open(many(5, schema: schema(ProtocolLimits.clientToolSchemaBytes))))?.error.field == "client_tools")
        #expect(refusal(open(tool("a") + "," + tool("a")))?.error.field == "client_tools")
        #expect(refusal(#"{"type":"open","client_tools":{}}"#)?.error.field == "client_tools")
    }

    // MARK: Events

    @Test func `events of tools elsewhere`() throws {
        let call = ToolCall(id: "c_1", name: "send_letter", input: ["to": "Ada"])
        #expect(
            try json(LogEvent.toolStarted(turn: "t", call: call, runs: .client).frame(seq: 1, ref: nil)) == [
                "type": "tool.started", "seq": 1, "turn": "t", "call": "c_1", "name": "send_letter",
                "input": ["to": "Ada"], "runs": "client",
            ])
        let approval = ToolApproval(call: call, expiresAt: 3_600_000)
        #expect(
            try json(LogEvent.toolApproval(turn: "t", approval, now: 600_000).frame(seq: 2, ref: nil)) == [
                "type": "tool.approval", "seq": 2, "turn": "t", "call": "c_1", "name": "send_letter",
                "input": ["to": "Ada"], "expires_at": "1970-01-01T01:00:00.000Z", "expires_in_ms": 3_000_000,
            ])
        // Never a negative time.
        let late = try json(LogEvent.toolApproval(turn: "t", approval, now: 9_000_000).frame(seq: 2, ref: nil))
        #expect(late["expires_in_ms"] == 0)
        #expect(
            try json(
                LogEvent.toolApproved(turn: "t", call: "c_1", .allow, input: ["to": "Bob"]).frame(seq: 3, ref: "a"))
                == [
                    "type": "tool.approved", "seq": 3, "ref": "a", "turn": "t", "call": "c_1", "decision": "allow",
                    "input": ["to": "Bob"],
                ])
        #expect(
            try json(LogEvent.toolApproved(turn: "t", call: "c_1", .deny, input: nil).frame(seq: 3, ref: nil)) == [
                "type": "tool.approved", "seq": 3, "turn": "t", "call": "c_1", "decision": "deny",
            ])
    }
}
