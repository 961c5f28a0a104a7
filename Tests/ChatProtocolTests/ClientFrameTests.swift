import ChatProtocol
import Conversation
import JSON
import NIOCore
import Testing

@Suite struct ClientFrameTests {
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

    // MARK: What is taken

    @Test func `each command with only what it needs`() throws {
        #expect(try parse(#"{"type":"open"}"#) == ClientFrame(id: nil, command: .open(.init())))
        #expect(
            try parse(#"{"type":"send","id":"m1","text":"Hi"}"#)
                == ClientFrame(id: "m1", command: .send(.init(text: "Hi"))))
        #expect(try parse(#"{"type":"cancel"}"#) == ClientFrame(id: nil, command: .cancel(.init())))
        #expect(try parse(#"{"type":"regenerate","id":"r"}"#) == ClientFrame(id: "r", command: .regenerate(.init())))
        #expect(try parse(#"{"type":"ping"}"#) == ClientFrame(id: nil, command: .ping(nil)))
        #expect(
            try parse(#"{"type":"edit","id":"e","message":"u_1","text":"Ho"}"#)
                == ClientFrame(id: "e", command: .edit(.init(message: "u_1", text: "Ho", onBusy: .interrupt))))
        #expect(
            try parse(#"{"type":"select","message":"a_1"}"#) == ClientFrame(id: nil, command: .select("a_1")))
        #expect(try parse(#"{"type":"configure"}"#) == ClientFrame(id: nil, command: .configure(SettingsChange())))
        #expect(
            try parse(#"{"type":"history","before":"u_1"}"#)
                == ClientFrame(id: nil, command: .history(.init(before: "u_1", limit: 50))))
        #expect(try parse(#"{"type":"stats"}"#) == ClientFrame(id: nil, command: .stats))
        #expect(try parse(#"{"type":"clear"}"#) == ClientFrame(id: nil, command: .clear))
        #expect(try parse(#"{"type":"delete"}"#) == ClientFrame(id: nil, command: .delete))
    }

    @Test func `every field of open`() throws {
        let text = #"""
            {"type":"open","id":"o1","session":"s_1","epoch":"e_1","after":7,"history":5,"client_tools":[],
             "create":{"title":"T","system":"S","model":"m","temperature":0.5,"max_tokens":10,"tools":["a"],
                       "context":{"policy":"full","turns":3,"budget_tokens":1000}}}
            """#
        let create = SettingsChange(
            title: "T", system: "S", model: "m", temperature: 0.5, maxTokens: 10, tools: ["a"], policy: "full",
            turns: 3,
            budgetTokens: 1000)
        let open = ClientCommand.Open(session: "s_1", epoch: "e_1", after: 7, create: create, history: 5)
        #expect(try parse(text) == ClientFrame(id: "o1", command: .open(open)))
    }

    @Test func `every field of send`() throws {
        let text = #"""
            {"type":"send","id":"m1","text":"Hi","on_busy":"interrupt",
             "options":{"model":"m","temperature":1,"max_tokens":5}}
            """#
        let options = SettingsChange(model: "m", temperature: 1, maxTokens: 5)
        let send = ClientCommand.Send(text: "Hi", onBusy: .interrupt, options: options)
        #expect(try parse(text) == ClientFrame(id: "m1", command: .send(send)))
    }

    @Test func `every field of edit`() throws {
        let text = #"{"type":"edit","id":"e1","message":"u_1","text":"Ho","on_busy":"reject"}"#
        let edit = ClientCommand.Edit(message: "u_1", text: "Ho", onBusy: .reject)
        #expect(try parse(text) == ClientFrame(id: "e1", command: .edit(edit)))
    }

    @Test func `every field of configure, at the top level of the frame`() throws {
        let text = #"""
            {"type":"configure","id":"c1","title":"T","system":"","model":"m","temperature":0,"max_tokens":10,
             "tools":[],"context":{"policy":"retrieve","turns":3,"budget_tokens":1000,"min_turns":2,"recall":5,
                                   "clear_tool_results_after":4}}
            """#
        let change = SettingsChange(
            title: "T", system: "", model: "m", temperature: 0, maxTokens: 10, tools: [], policy: "retrieve", turns: 3,
            budgetTokens: 1000, minimumTurns: 2, recall: 5, clearToolResultsAfter: 4)
        #expect(try parse(text) == ClientFrame(id: "c1", command: .configure(change)))
    }

    @Test func `null in a configure leaves the setting as it is`() throws {
        let text = #"{"type":"configure","temperature":null,"max_tokens":null,"context":{"turns":null}}"#
        #expect(try parse(text).command == .configure(SettingsChange()))
    }

    @Test(arguments: [1, ProtocolLimits.historyMessages])
    func `a history of as many messages as are wanted`(limit: Int) throws {
        let text = #"{"type":"history","id":"h1","before":"a_1","limit":\#(limit)}"#
        let history = ClientCommand.History(before: "a_1", limit: limit)
        #expect(try parse(text) == ClientFrame(id: "h1", command: .history(history)))
    }

    @Test func `content is text in blocks`() throws {
        let text = #"{"type":"send","id":"m1","content":[{"kind":"text","text":"a"},{"kind":"text","text":"b"}]}"#
        #expect(try parse(text).command == .send(.init(text: "a\nb")))
        let edit = #"{"type":"edit","id":"e","message":"u","content":[{"kind":"text","text":"a"}]}"#
        #expect(try parse(edit).command == .edit(.init(message: "u", text: "a")))
    }

    @Test func `null is as if absent, and unknown fields are ignored`() throws {
        #expect(try parse(#"{"type":"open","session":null,"after":null,"shoe_size":42}"#).command == .open(.init()))
    }

    @Test func `a ping's t comes back as it was, if it is small`() throws {
        #expect(try parse(#"{"type":"ping","t":17}"#).command == .ping(17))
        #expect(try parse(#"{"type":"ping","t":"x"}"#).command == .ping("x"))
        #expect(try parse(#"{"type":"ping","t":[1,2]}"#).command == .ping(nil))
    }

    // MARK: What is refused

    @Test(arguments: ["", "{", "nonsense", "[1,2]", "17", "\"send\"", "{\"type\":\"open\"} x", "{\"type\":\"open\",}"])
    func `what is not a JSON object is bad_json`(text: String) {
        #expect(refusal(text)?.error.code == .badJSON)
    }

    @Test(arguments: [
        (#"{}"#, ErrorCode.badField, "type"),
        (#"{"type":7}"#, .badField, "type"),
        (#"{"type":"fly"}"#, .unknownType, "type"),
        (#"{"type":"send","text":"Hi"}"#, .badField, "id"),
        (#"{"type":"send","id":"a b","text":"Hi"}"#, .badField, "id"),
        (#"{"type":"send","id":7,"text":"Hi"}"#, .badField, "id"),
        (#"{"type":"send","id":"m1"}"#, .badField, "text"),
        (#"{"type":"send","id":"m1","text":7}"#, .badField, "text"),
        (#"{"type":"send","id":"m1","text":" \n "}"#, .badField, "text"),
        (#"{"type":"send","id":"m1","text":"Hi","on_busy":"explode"}"#, .badField, "on_busy"),
        (#"{"type":"send","id":"m1","text":"Hi","options":7}"#, .badField, "options"),
        (#"{"type":"send","id":"m1","text":"Hi","options":{"temperature":3}}"#, .badField, "options.temperature"),
        (#"{"type":"send","id":"m1","text":"Hi","options":{"max_tokens":0}}"#, .badField, "options.max_tokens"),
        (#"{"type":"send","id":"m1","content":[{"kind":"image"}]}"#, .badField, "content"),
        (#"{"type":"open","session":"../etc"}"#, .badField, "session"),
        (#"{"type":"open","after":-1}"#, .badField, "after"),
        (#"{"type":"open","after":1.5}"#, .badField, "after"),
        (#"{"type":"open","after":9007199254740992}"#, .badField, "after"),
        (#"{"type":"open","history":501}"#, .badField, "history"),
        (#"{"type":"open","create":{"tools":"all"}}"#, .badField, "create.tools"),
        (#"{"type":"open","create":{"context":{"turns":0}}}"#, .badField, "create.context.turns"),
        (#"{"type":"regenerate"}"#, .badField, "id"),
        (#"{"type":"edit","message":"u","text":"Hi"}"#, .badField, "id"),
        (#"{"type":"edit","id":"e","text":"Hi"}"#, .badField, "message"),
        (#"{"type":"edit","id":"e","message":"a/b","text":"Hi"}"#, .badField, "message"),
        (#"{"type":"edit","id":"e","message":"u"}"#, .badField, "text"),
        (#"{"type":"edit","id":"e","message":"u","text":" "}"#, .badField, "text"),
        (#"{"type":"edit","id":"e","message":"u","content":["Hi"]}"#, .badField, "content"),
        (#"{"type":"edit","id":"e","message":"u","text":"Hi","on_busy":7}"#, .badField, "on_busy"),
        (#"{"type":"select"}"#, .badField, "message"),
        (#"{"type":"select","message":7}"#, .badField, "message"),
        (#"{"type":"configure","title":7}"#, .badField, "title"),
        (#"{"type":"configure","temperature":3}"#, .badField, "temperature"),
        (#"{"type":"configure","max_tokens":0}"#, .badField, "max_tokens"),
        (#"{"type":"configure","tools":[1]}"#, .badField, "tools"),
        (#"{"type":"configure","context":{"turns":0}}"#, .badField, "context.turns"),
        (#"{"type":"history"}"#, .badField, "before"),
        (#"{"type":"history","before":7}"#, .badField, "before"),
        (#"{"type":"history","before":"a","limit":0}"#, .badField, "limit"),
        (#"{"type":"history","before":"a","limit":501}"#, .badField, "limit"),
        (#"{"type":"stats","id":"a b"}"#, .badField, "id"),
    ])
    func `a wrong field is named`(text: String, code: ErrorCode, field: String) {
        let refusal = refusal(text)
        #expect(refusal?.error.code == code)
        #expect(refusal?.error.field == field)
        #expect(refusal?.error.message.contains("\"\(field)\"") == true || code == .unknownType || field == "content")
    }

    @Test(arguments: [
        (#"{"type":"open","create":{"context":{"turns":1001}}}"#, "an integer from 1 to 1000"),
        (#"{"type":"configure","temperature":-1}"#, "a number from 0.0 to 2.0"),
        (#"{"type":"configure","context":{"budget_tokens":255}}"#, "an integer from 256 to 10000000"),
        (#"{"type":"history","before":"a","limit":501}"#, "an integer from 1 to 500"),
        (#"{"type":"edit","id":"e","message":"u","text":"Hi","on_busy":"wait"}"#, #""queue", "interrupt", "reject""#),
    ])
    func `a refusal says the bound`(text: String, bound: String) {
        #expect(refusal(text)?.error.message.contains(bound) == true)
    }

    @Test func `a refusal carries the command's id, once it could be read`() {
        #expect(refusal(#"{"type":"send","id":"m1"}"#)?.ref == "m1")
        #expect(refusal(#"{"type":"send","id":"m 1"}"#)?.ref == nil)
    }

    @Test func `a message that is too long is refused with both numbers`() {
        let longest = String(repeating: "a", count: ProtocolLimits.messageScalars)
        #expect(throws: Never.self) { try parse(#"{"type":"send","id":"m","text":"\#(longest)"}"#) }
        let error = refusal(#"{"type":"send","id":"m","text":"\#(longest)a"}"#)?.error
        #expect(error?.code == .messageTooLong)
        #expect(error?.message.contains("100001") == true)
        #expect(error?.message.contains("100000") == true)
        let edit = refusal(#"{"type":"edit","id":"e","message":"u","text":"\#(longest)a"}"#)
        #expect(edit?.error == error)
        #expect(edit?.ref == "e")
    }

    @Test func `a long message is counted in scalars, not in what looks like one character`() {
        // One grapheme cluster: a letter with 100,000 accents.
        let text = "a" + String(repeating: "\u{301}", count: ProtocolLimits.messageScalars)
        #expect(refusal(#"{"type":"send","id":"m","text":"\#(text)"}"#)?.error.code == .messageTooLong)
    }

    @Test func `a message's frame fits a server frame, whatever its characters`() {
        let text = String(repeating: "\\u0001", count: 40_000)
        #expect(refusal(#"{"type":"send","id":"m","text":"\#(text)"}"#)?.error.code == .messageTooLong)
    }

    @Test func `no bytes bring it down`() {
        var generator = SystemRandomNumberGenerator()
        let start = Array(#"{"type":"send","id":"m1","text":"Hi","options":{"temperature":1e400}}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = start
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            do throws(ClientFrameRefusal) {
                _ = try ClientFrame(parsing: ByteBuffer(bytes: bytes))
            } catch {
                #expect(!error.error.message.isEmpty)
            }
        }
    }
}
