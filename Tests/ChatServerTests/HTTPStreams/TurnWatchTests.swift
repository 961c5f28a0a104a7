import HTTPTypes
import JSON
import NIOCore
import Testing

@testable import ChatServer

@Suite struct TurnWatchTests {
    private func take(_ frames: [String], into watch: inout TurnWatch) -> [Bool] {
        frames.map { frame in ByteBuffer(string: frame).withUnsafeReadableBytes { watch.take($0, FrameHead($0)) } }
    }

    @Test func `of everything that comes, the command's turn is picked`() {
        var watch = TurnWatch(ref: "m1")
        let picked = take(
            [
                #"{"type":"welcome","session":"s_1","epoch":"e_1","seq":4,"resume":"snapshot"}"#,
                #"{"type":"snapshot","messages":[],"queued":[],"seq":4,"more":false}"#,
                #"{"type":"delta","turn":"t_0","index":0,"seq":5,"text":"a"}"#,
                #"{"type":"message","seq":6,"ref":"m0","message":{"turn":"t_9"}}"#,
                #"{"type":"message","seq":7,"ref":"m1","message":{"turn":"t_1"}}"#,
                #"{"type":"turn.done","seq":8,"turn":"t_0","status":"completed","usage":{}}"#,
                #"{"type":"going_away","reason":"restarting"}"#,
                #"{"type":"turn.done","seq":9,"ref":"x1","turn":"t_1","status":"cancelled","usage":{}}"#,
                #"{"type":"turn.started","seq":10,"turn":"t_2","parent":"u"}"#,
            ], into: &watch)
        #expect(picked == [true, false, false, false, true, false, true, true, false])
        #expect(watch.state == .ended(TurnEnding(turn: "t_1", status: "cancelled", usage: [:])))
    }

    @Test func `a command that was said before is known as such`() {
        var watch = TurnWatch(ref: "m1")
        _ = take([#"{"type":"message","seq":7,"ref":"m1","replay":true,"message":{"turn":"t_1"}}"#], into: &watch)
        #expect(watch.state == .repeated(turn: "t_1") && !watch.isOver)
    }

    @Test func `a refusal is a problem with the code's status`() {
        var watch = TurnWatch(ref: "m1")
        let error =
            #"{"type":"error","code":"overloaded","message":"No.","retryable":true,"retry_after_ms":1200,"ref":"m1"}"#
        #expect(take([error], into: &watch) == [false])
        #expect(
            watch.state
                == .refused(
                    Problem(
                        .serviceUnavailable, "No.", code: "overloaded", retryable: true, headers: [.retryAfter: "2"])))
        #expect(watch.isOver)
    }
}
