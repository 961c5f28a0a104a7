import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Testing
import Tools

@testable import Sessions

/// A turn that is put together again from what checkpoints kept, against one that was never interrupted.
@Suite struct TurnResumingTests {
    @Test(arguments: UInt64(1)...200)
    func `a turn that is resumed at any moment says the same as one that is not`(seed: UInt64) throws {
        var pair = Pair(seed: seed)
        for _ in 0..<6 {
            try pair.round()
            pair.compare()
        }
    }

    private struct Pair {
        private var random: SplitMix
        private let accepted = AcceptedTurn(
            id: "t_1", kind: .send, ref: "m1", parent: "u_1", reply: "a_1", seq: 1,
            settings: SessionSettings(model: "m"), clientTools: [.place])
        private var whole: Turn
        private var resumed: Turn
        private var pieces: [ReplyPiece] = []
        private var callCount = 0

        init(seed: UInt64) {
            random = SplitMix(state: seed)
            whole = Turn(accepted: accepted, provider: "test")
            resumed = whole
            both { _ = $0.begin() }
        }

        private mutating func both(_ body: (inout Turn) -> Void) {
            body(&whole)
            body(&resumed)
        }

        private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

        private mutating func checkpoint() { pieces += resumed.takeProgress() }

        /// One call to the model, which wants tools, and their results.
        mutating func round() throws {
            var calls: [String] = []
            let count = Int.random(in: 1...4, using: &random)
            for index in 0..<count {
                let isCall = index == count - 1 || chance(40)
                say(index, isCall: isCall, &calls)
                if chance(50) { checkpoint() }
            }
            both { _ = $0.received(.stopped(StopReason(.toolUse, word: "tool_use"))) }
            let waiting = calls.map {
                WaitingCall(call: ToolCall(id: $0, name: "send_letter", input: [:]), kind: .approval, deadline: 9)
            }
            both { $0.wait(for: waiting) }
            checkpoint()
            calls.shuffle(using: &random)
            for call in calls {
                if chance(40) { try resume() }
                if chance(60) { allow(call, edited: chance(60)) }
                let result = ToolResult(call: call, output: "of \(call)", isError: chance(20))
                both { _ = $0.toolFinished(result) }
                checkpoint()
            }
        }

        private mutating func say(_ index: Int, isCall: Bool, _ calls: inout [String]) {
            var kind = chance(50) ? BlockKind.text : .thinking
            if isCall {
                callCount += 1
                calls.append("c_\(callCount)")
                kind = .toolCall(id: "c_\(callCount)", name: "send_letter")
            }
            both { _ = $0.received(.blockStarted(index: index, kind)) }
            // Also nothing at all.
            let texts = isCall ? [#"{"to":"Ada"}"#] : (0..<Int.random(in: 0...2, using: &random)).map { "word\($0) " }
            for text in texts {
                both { Self.append(text, index, to: &$0) }
                if chance(30) { checkpoint() }
            }
            if kind == .thinking, chance(30) { both { _ = $0.received(.signature(index: index, "sig")) } }
            both { _ = $0.received(.blockDone(index: index)) }
        }

        private mutating func allow(_ call: String, edited: Bool) {
            let input: JSONValue? = edited ? ["to": .string("instead of \(call)")] : nil
            if let input {
                let call = ToolCall(id: call, name: "send_letter", input: input)
                pieces += resumed.takeEdited(call)
            }
            both { _ = $0.approved(call, input: input) }
        }

        /// The process ends, and begins again.
        private mutating func resume() throws {
            let waiting = resumed.waiting.values.map(\.self)
            try #require(!waiting.isEmpty)
            resumed = Turn(
                resuming: accepted, provider: "test", tools: TurnTools(), pieces: pieces.shuffled(using: &random),
                waiting: waiting)
            compare()
            // Nothing is saved twice.
            #expect(resumed.takeProgress() == [])
        }

        func compare() {
            #expect(resumed.content == whole.content)
            #expect(pieces.content == whole.content)
            #expect(resumed.openCalls == whole.openCalls)
            #expect(resumed.isAwaiting == whole.isAwaiting)
            #expect(resumed.liveBlocks.map(\.index) == whole.liveBlocks.map(\.index))
            #expect(resumed.liveBlocks.map(\.result) == whole.liveBlocks.map(\.result))
            #expect(Set(pieces.map(\.number)).count == pieces.count)
        }

        private static func append(_ text: String, _ index: Int, to turn: inout Turn) {
            let bytes = Array(text.utf8)
            _ = turn.appendDelta(index, byteCount: bytes.count) { run, prefix in
                let run = run ?? DeltaRun(prefix: prefix, firstSeq: 1)
                bytes.withUnsafeBytes { run.append($0) }
                return run
            }
        }
    }

    /// A small generator whose numbers follow from its seed (Steele et al., "Fast splittable pseudorandom number generators").
    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }
}
