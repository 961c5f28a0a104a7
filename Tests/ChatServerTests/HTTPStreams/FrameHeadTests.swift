import ChatProtocol
import Conversation
import JSON
import NIOCore
import Testing

@testable import ChatServer

/// What is read of frames without parsing them, against what is in them.
@Suite struct FrameHeadTests {
    private func with<Result>(_ frame: ByteBuffer, _ body: (FrameHead) throws -> Result) rethrows -> Result {
        try frame.withUnsafeReadableBytes { try body(FrameHead($0)) }
    }

    private static let message = Message(
        id: "u_1", parent: nil, role: .user, content: [.text("\"seq\":7,\"turn\":\"t_no\"")], createdAt: 0, turn: "t_1")

    private static let events: [LogEvent] = [
        .message(message, siblings: ["u_1"]), .turnQueued(turn: "t_1", parent: "u_1"),
        .turnRetrying(turn: "t_1", attempt: 1, delay: .seconds(1), code: .storage, message: "\"", model: "m"),
        .blockStarted(turn: "t_1", index: 12, .text), .blockDone(turn: "t_1", index: 12, partial: true, input: nil),
        .toolStarted(turn: "t_1", call: ToolCall(id: "c_1", name: "n", input: ["seq": 5, "turn": "t_2"])),
        .toolDone(turn: "t_1", result: ToolResult(call: "c_1", output: "o", isError: false), duration: .zero),
        .head(message: "a_1", siblings: [:]),
    ]

    @Test(arguments: [nil, "m-1"], [false, true])
    func `every event's type, number, command and turn are read`(ref: String?, isReplay: Bool) throws {
        for event in Self.events {
            let frame = event.frame(seq: 123_456_789_012, ref: ref, replay: isReplay)
            let value = try JSONValue(parsing: frame.readableBytesView)
            with(frame) { head in
                #expect(head.type.text == value["type"]?.stringValue)
                #expect(head.seq == 123_456_789_012)
                #expect(head.ref?.text == ref)
                #expect(head.turn?.text == value["turn"]?.stringValue)
                #expect(head.index == value["index"]?.intValue)
                #expect(head.isReplay == isReplay)
                #expect(head.movesCursor == !isReplay)
            }
        }
    }

    @Test func `a delta's number stands behind its turn, and its text is not looked at`() {
        var frame = ByteBuffer()
        Array("\",\"seq\":1,\"".utf8).withUnsafeBytes {
            DeltaFrame.write(DeltaFrame.prefix(turn: "t_1", index: 3), seq: 77, text: $0, into: &frame)
        }
        with(frame) { head in
            #expect(head.type.says("delta") && head.turn?.says("t_1") == true && head.index == 3 && head.seq == 77)
            #expect(head.movesCursor)
        }
    }

    @Test func `a snapshot's number is the one at its end`() {
        let reply = Message(
            id: "a_1", parent: "u_1", role: .assistant,
            content: [.toolCall(ToolCall(id: "c_1", name: "n", input: ["seq": 5]))], createdAt: 0, turn: "t_1")
        for entries in [[], [Snapshot.Entry(message: reply, siblings: ["a_1"], isCut: false)]] {
            let snapshot = Snapshot(messages: entries, live: nil, queued: [], seq: 42, hasMore: true)
            with(Answer.snapshot(snapshot).frame(ref: "o")) { head in
                #expect(head.type.says("snapshot") && head.seq == 42 && head.movesCursor)
            }
        }
    }

    @Test(arguments: [Welcome.Resume.exact, .snapshot, .new])
    func `a welcome moves the cursor only in a log that has just begun`(resume: Welcome.Resume) {
        let welcome = Welcome(
            session: "s_1", epoch: "e_1", seq: 9, resume: resume, state: .idle, turn: nil,
            settings: SessionSettings(model: "m"), models: [], tools: [], pingInterval: .seconds(1), serverTime: 0)
        with(Answer.welcome(welcome).frame(ref: "o")) { head in
            #expect(head.session?.says("s_1") == true && head.epoch?.says("e_1") == true && head.seq == 9)
            #expect(head.movesCursor == (resume == .new))
        }
    }

    @Test(arguments: ["{}", "{\"type\":\"error\",\"code\":\"busy\"}", "{\"type\":\"x", "{", "{\"a\":1,\"type\":\"x\"}"])
    func `what is not there is not made up`(text: String) {
        with(ByteBuffer(string: text)) { head in
            #expect(head.seq == nil && head.turn == nil && head.ref == nil && !head.movesCursor)
        }
    }
}
