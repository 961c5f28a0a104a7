/// One word of an expression.
struct ExpressionToken: Hashable {
    enum Kind: Hashable {
        case number(Quantity)
        /// In lower case.
        case name(String)
        case plus, minus, times, over, percent, power, factorial
        case open, close, comma
        case end
    }

    var kind: Kind
    /// As it was written.
    var text: String
    /// Its first scalar's number, from 1.
    var position: Int
    /// Whether it begins where the token before it ends.
    var isAdjacent: Bool

    /// For an error's sentence.
    var described: String { self.kind == .end ? "the end" : "\"\(self.text)\"" }
}
