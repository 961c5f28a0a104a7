import ChatProtocol
import Conversation
import NIOCore
import Testing

@testable import ChatServer

@Suite struct FrameStreamEncoderTests {
    private func body(_ format: StreamFormat, _ frames: [String]) -> String {
        var encoder = FrameStreamEncoder(format)
        var body = ByteBuffer()
        for frame in frames {
            ByteBuffer(string: frame).withUnsafeReadableBytes { encoder.write($0, FrameHead($0), into: &body) }
        }
        return String(buffer: body)
    }

    private static let turn = [
        #"{"type":"welcome","session":"s_1","epoch":"e_1","seq":4,"resume":"exact"}"#,
        #"{"type":"block.started","seq":5,"turn":"t_1","index":0,"kind":"thinking"}"#,
        #"{"type":"delta","turn":"t_1","index":0,"seq":6,"text":"Hm."}"#,
        #"{"type":"block.started","seq":7,"turn":"t_1","index":1,"kind":"text"}"#,
        #"{"type":"delta","turn":"t_1","index":1,"seq":8,"text":"6×7 \"is\"\n"}"#,
        #"{"type":"block.started","seq":9,"turn":"t_1","index":2,"kind":"text"}"#,
        #"{"type":"delta","turn":"t_1","index":2,"seq":10,"text":"4"}"#,
        #"{"type":"delta","turn":"t_1","index":2,"seq":11,"text":"2"}"#,
        #"{"type":"block.started","seq":12,"turn":"t_1","index":3,"kind":"text"}"#,
        #"{"type":"delta","turn":"t_1","index":3,"seq":13,"text":"."}"#,
    ]
    private static let completed =
        #"{"type":"turn.done","seq":14,"turn":"t_1","status":"completed","usage":{},"timing":{}}"#
    private static let failed =
        #"{"type":"turn.done","seq":14,"turn":"t_1","status":"failed","usage":{},"timing":{},"error":{"message":"No."}}"#

    @Test func `an event has its type, its place in the log and its frame`() {
        #expect(
            body(.events, Array(Self.turn.prefix(2))) == """
                event: welcome
                data: \(Self.turn[0])

                event: block.started
                id: e_1:5
                data: \(Self.turn[1])


                """)
    }

    @Test func `what stands at no place in the log has no id`() {
        let replay = #"{"type":"message","seq":3,"ref":"m1","replay":true,"message":{}}"#
        #expect(body(.events, [replay]) == "event: message\ndata: \(replay)\n\n")
        let error = #"{"type":"error","code":"busy","message":"\"seq\":1"}"#
        #expect(body(.events, [error]) == "event: error\ndata: \(error)\n\n")
    }

    @Test func `lines are frames`() {
        #expect(body(.lines, Self.turn) == Self.turn.map { $0 + "\n" }.joined())
    }

    @Test func `text is what text blocks say, each on a line of its own`() {
        #expect(body(.text, Self.turn + [Self.completed]) == "6×7 \"is\"\n42\n.")
    }

    @Test func `text says how a turn ended that did not complete`() {
        #expect(body(.text, Array(Self.turn.prefix(7)) + [Self.failed]) == "6×7 \"is\"\n4\n[failed] No.\n")
    }

    @Test func `heartbeats mean nothing`() {
        #expect(StreamFormat.events.heartbeat == ByteBuffer(string: ":\n\n"))
        #expect(StreamFormat.lines.heartbeat == ByteBuffer(string: "\n"))
        #expect(StreamFormat.text.heartbeat == nil)
    }
}
