import NIOCore
import Testing
import WebSocket

@Suite("Random bytes")
struct FuzzTests {
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `noise never crashes, and is judged the same however it is cut`(seed: UInt64) {
        var generator = SeededGenerator(state: seed)
        for _ in 0..<200 {
            let count = Int.random(in: 0...64, using: &generator)
            let noise = ByteBuffer(bytes: (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
            let whole = decode(noise)
            let index = Int.random(in: 0...count, using: &generator)
            #expect(decode(cut(noise, at: index)) == whole)
            #expect(decode(noise.readableBytesView.map { ByteBuffer(bytes: [$0]) }) == whole)
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `valid messages in random pieces come out as they went in`(seed: UInt64) {
        var generator = SeededGenerator(state: seed)
        var bytes = ByteBuffer()
        var expected: [FrameDecoder.Element] = []
        for _ in 0..<30 {
            let length = Int.random(in: 0...400, using: &generator)
            let text = String(
                String.UnicodeScalarView(
                    (0..<length).map { _ in ["a", "é", "€", "😀", "\u{10FFFF}"].randomElement(using: &generator) ?? "a" }
                ))
            var rest = ByteBuffer(string: text)
            expected.append(.text(rest))
            var opcode = Opcode.text
            while Bool.random(using: &generator) {
                let part = rest.readSlice(length: Int.random(in: 0...rest.readableBytes, using: &generator))
                bytes = bytes + masked(opcode, part ?? ByteBuffer(), isFinal: false)
                opcode = .continuation
                if Bool.random(using: &generator) {
                    bytes = bytes + masked(.ping, "between")
                    expected.insert(.ping(ByteBuffer(string: "between")), at: expected.count - 1)
                }
            }
            bytes = bytes + masked(opcode, rest)
        }
        var pieces: [ByteBuffer] = []
        while bytes.readableBytes > 0 {
            let count = min(Int.random(in: 1...200, using: &generator), bytes.readableBytes)
            pieces.append(bytes.readSlice(length: count) ?? ByteBuffer())
        }
        #expect(decode(pieces) == Decoded(elements: expected))
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `a valid frame with one bit turned never crashes the state machine`(seed: UInt64) {
        var generator = SeededGenerator(state: seed)
        let valid = masked(.text, "Hello", isFinal: false) + masked(.ping, "p") + masked(.continuation, "wörld")
        for _ in 0..<200 {
            var bytes = valid
            let index = Int.random(in: 0..<bytes.readableBytes, using: &generator)
            let byte = bytes.getInteger(at: index, as: UInt8.self) ?? 0
            bytes.setInteger(byte ^ 1 << UInt8.random(in: 0...7, using: &generator), at: index)
            var machine = WebSocketStateMachine(role: .server)
            var steps = 0
            while machine.received(&bytes) != .none { steps += 1 }
            #expect(steps <= 4)
            #expect(bytes.readableBytes == 0 || !machine.isOpen)
        }
    }
}
