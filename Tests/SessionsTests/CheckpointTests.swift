import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing

@testable import Sessions

/// What checkpoints keep of a running reply makes the reply.
@Suite struct CheckpointTests {
    /// A turn that is told things, and the log that its deltas go to.
    private struct Reply {
        var turn = Turn(
            accepted: AcceptedTurn(
                id: "t_1", kind: .send, ref: "m1", parent: "u_1", reply: "a_1", seq: 1,
                settings: SessionSettings(model: "m")),
            provider: "test")
        private var log = SessionLog()

        init() { _ = turn.begin() }

        mutating func say(_ text: String, _ index: Int) {
            var text = text
            text.withUTF8 { bytes in
                _ = turn.appendDelta(index, byteCount: bytes.count) { run, prefix in
                    log.appendDelta(UnsafeRawBufferPointer(bytes), to: run, prefix: prefix)
                }
            }
        }

        mutating func hear(_ event: ModelEvent) -> [Turn.Action] {
            // As a session does: its other events stand between the deltas.
            log.append(.turnQueued(turn: "t_1", parent: "u_1"))
            return turn.received(event)
        }
    }

    /// Says at random what a provider can say, with a checkpoint now and then.
    private func randomReply(_ random: inout SeededGenerator) -> (content: [ContentBlock], pieces: [ReplyPiece]) {
        var reply = Reply()
        var pieces: [ReplyPiece] = []
        var waiting: [String] = []
        var thinking: Set<Int> = []
        for round in 0..<Int.random(in: 1...3, using: &random) {
            var open: [Int] = []
            thinking = []
            var next = 0
            for _ in 0..<Int.random(in: 0...30, using: &random) {
                switch Int.random(in: 0..<10, using: &random) {
                case 0:
                    _ = reply.hear(.blockStarted(index: next, .text))
                    open.append(next)
                    next += 1
                case 1:
                    _ = reply.hear(.blockStarted(index: next, .thinking))
                    thinking.insert(next)
                    open.append(next)
                    next += 1
                case 2:
                    _ = reply.hear(.blockStarted(index: next, .toolCall(id: "c_\(round)_\(next)", name: "echo")))
                    if Bool.random(using: &random) { reply.say("{\"n\":\(next)}", next) }
                    _ = reply.hear(.blockDone(index: next))
                    next += 1
                case 3:
                    _ = reply.hear(.opaque(index: next, ["n": .string("\(next)")]))
                    next += 1
                case 4:
                    guard let index = open.randomElement(using: &random) else { continue }
                    if thinking.contains(index), Bool.random(using: &random) {
                        _ = reply.hear(.signature(index: index, "sig\(index)"))
                    }
                    _ = reply.hear(.blockDone(index: index))
                    open.removeAll { $0 == index }
                case 5:
                    pieces += reply.turn.takeProgress()
                default:
                    guard let index = open.randomElement(using: &random) else { continue }
                    reply.say(["é", "🦅", "word ", "\n", "e\u{301}"].randomElement(using: &random) ?? "", index)
                }
            }
            for action in reply.hear(.stopped(StopReason(.toolUse, word: "tool_use"))) {
                if case .runTools(let calls) = action { waiting = calls.map(\.id) }
            }
            guard case .runningTools = reply.turn.phase else { break }
            for call in waiting.shuffled(using: &random) {
                _ = reply.turn.toolFinished(ToolResult(call: call, output: "out \(call)", isError: false))
                if Bool.random(using: &random) { pieces += reply.turn.takeProgress() }
            }
        }
        _ = reply.turn.stop(.cancelled)
        pieces += reply.turn.takeProgress()
        return (reply.turn.content, pieces)
    }

    @Test(arguments: 0..<300) func `the pieces in any order make the reply`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let (content, pieces) = randomReply(&random)
        #expect(pieces.content == content)
        #expect(pieces.shuffled(using: &random).content == content)
        #expect(Array(pieces.reversed()).content == content)
        #expect(pieces.map(\.number) == Array(0..<pieces.count))
        let again = pieces.filter { piece in pieces.count { $0.number == piece.number } > 1 }
        #expect(again.isEmpty)
    }

    @Test func `a checkpoint has only what is new`() {
        var reply = Reply()
        _ = reply.hear(.blockStarted(index: 0, .text))
        var bytes = 0
        for number in 0..<200 {
            reply.say("piece \(number) ", 0)
            let pieces = reply.turn.takeProgress()
            #expect(pieces.count == 1)
            #expect(pieces.first?.block == .text("piece \(number) "))
            bytes += pieces.reduce(0) { $0 + $1.block.textBytes }
        }
        #expect(reply.turn.takeProgress().isEmpty)
        #expect(bytes == reply.turn.byteCount)
        _ = reply.hear(.blockDone(index: 0))
        #expect(reply.turn.takeProgress().isEmpty, "an end adds nothing to a text")
    }

    @Test func `a thinking block's signature comes with its end, a tool call whole`() {
        var reply = Reply()
        _ = reply.hear(.blockStarted(index: 0, .thinking))
        reply.say("Hm", 0)
        #expect(reply.turn.takeProgress().map(\.block) == [.thinking(Thinking(text: "Hm"))])
        _ = reply.hear(.signature(index: 0, "sig"))
        #expect(reply.turn.takeProgress().isEmpty)
        _ = reply.hear(.blockDone(index: 0))
        #expect(reply.turn.takeProgress().map(\.block) == [.thinking(Thinking(text: "", signature: "sig"))])
        _ = reply.hear(.blockStarted(index: 1, .toolCall(id: "c_1", name: "echo")))
        reply.say("{\"a\":", 1)
        #expect(reply.turn.takeProgress().isEmpty)
        reply.say("1}", 1)
        _ = reply.hear(.blockDone(index: 1))
        let call = ContentBlock.toolCall(ToolCall(id: "c_1", name: "echo", input: ["a": 1]))
        #expect(reply.turn.takeProgress().map(\.block) == [call])
    }

    @Test func `a result behind a block that is still open is taken once`() {
        var reply = Reply()
        _ = reply.hear(.blockStarted(index: 0, .text))
        _ = reply.hear(.blockStarted(index: 1, .toolCall(id: "c_1", name: "echo")))
        _ = reply.hear(.stopped(StopReason(.toolUse, word: "tool_use")))
        _ = reply.turn.toolFinished(ToolResult(call: "c_1", output: "x", isError: false))
        #expect(reply.turn.takeProgress().count == 3)
        _ = reply.hear(.blockStarted(index: 0, .text))
        reply.say("then", 0)
        #expect(reply.turn.takeProgress().map(\.block) == [.text("then")])
    }
}

/// The same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
