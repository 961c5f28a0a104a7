import Conversation
import Testing

@Suite struct IdentifierTests {
    /// Gives the same bits each time.
    private struct Constant: RandomNumberGenerator {
        var bits: UInt64
        mutating func next() -> UInt64 { self.bits }
    }

    @Test(arguments: Identifier.Kind.allCases)
    func `an id has its prefix, 26 characters and is valid`(kind: Identifier.Kind) {
        let id = Identifier.make(kind)
        #expect(id.hasPrefix(kind.rawValue))
        #expect(id.utf8.count == 28)
        #expect(Identifier.isValid(id))
        #expect(id == id.lowercased())
    }

    @Test func `ten thousand ids are ten thousand different ones`() {
        #expect(Set((0..<10_000).map { _ in Identifier.make(.turn) }).count == 10_000)
    }

    @Test func `all 128 bits are in the id`() {
        var ones = Constant(bits: .max)
        var zeros = Constant(bits: 0)
        // 128 bits are 25 digits of 5 bits and one of 3: the last digit of all ones is 7.
        #expect(Identifier.make(.session, using: &ones) == "s_" + String(repeating: "z", count: 25) + "7")
        #expect(Identifier.make(.session, using: &zeros) == "s_" + String(repeating: "0", count: 26))
    }

    @Test(arguments: ["a", "m1", "toolu_01A-b", "_", "-", String(repeating: "x", count: 64)])
    func `an id of the allowed characters is valid`(id: String) {
        #expect(Identifier.isValid(id))
    }

    @Test(arguments: ["", " ", "a b", "a.b", "a/b", "ä", "a\u{0}", "\n", "Ａ", "💬", String(repeating: "x", count: 65)])
    func `anything else is not`(id: String) {
        #expect(!Identifier.isValid(id))
    }
}
