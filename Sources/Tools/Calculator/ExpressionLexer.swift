/// Cuts an expression into tokens.
struct ExpressionLexer {
    private let scalars: [Unicode.Scalar]
    private var index = 0

    private init(_ text: String) { self.scalars = Array(text.unicodeScalars) }

    /// - Throws: for a character or a number that cannot be read.
    static func tokens(of text: String) throws(ExpressionError) -> [ExpressionToken] {
        var lexer = ExpressionLexer(text)
        var tokens: [ExpressionToken] = []
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private var current: Unicode.Scalar? { self.index < self.scalars.count ? self.scalars[self.index] : nil }

    private func digit(at index: Int) -> Bool {
        index < self.scalars.count && ("0"..."9").contains(self.scalars[index])
    }

    private mutating func skip(while isWanted: (Unicode.Scalar) -> Bool) {
        while let current = self.current, isWanted(current) { self.index += 1 }
    }

    private mutating func next() throws(ExpressionError) -> ExpressionToken {
        let last = self.index
        self.skip { $0.properties.isWhitespace }
        let start = self.index
        let kind = try self.kind()
        let text = String(String.UnicodeScalarView(self.scalars[start..<self.index]))
        return ExpressionToken(kind: kind, text: text, position: start + 1, isAdjacent: start == last)
    }

    private mutating func kind() throws(ExpressionError) -> ExpressionToken.Kind {
        guard let scalar = self.current else { return .end }
        if self.digit(at: self.index) || (scalar == "." && self.digit(at: self.index + 1)) { return try self.number() }
        if Self.isLetter(scalar) {
            let start = self.index
            self.skip { Self.isLetter($0) || ("0"..."9").contains($0) }
            return .name(String(String.UnicodeScalarView(self.scalars[start..<self.index])).lowercased())
        }
        self.index += 1
        switch scalar {
        case "+": return .plus
        case "-", "\u{2212}", "\u{2013}": return .minus
        case "*" where self.current == "*":
            self.index += 1
            return .power
        case "*", "×", "·", "\u{22C5}", "\u{2219}", "\u{2217}": return .times
        case "/", "÷", "\u{2215}", "\u{2044}": return .over
        case "%": return .percent
        case "^": return .power
        case "!": return .factorial
        case "(": return .open
        case ")": return .close
        case ",": return .comma
        default: throw ExpressionError(problem: .unexpectedCharacter(scalar), position: self.index)
        }
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_" || scalar == "π" || scalar == "τ"
    }

    // MARK: Numbers

    private mutating func number() throws(ExpressionError) -> ExpressionToken.Kind {
        let start = self.index
        func text(to end: Int) -> String { String(String.UnicodeScalarView(self.scalars[start..<end])) }

        self.skip { ("0"..."9").contains($0) }
        let whole = text(to: self.index)
        var fraction = ""
        if self.current == "." {
            self.index += 1
            let first = self.index
            self.skip { ("0"..."9").contains($0) }
            fraction = String(String.UnicodeScalarView(self.scalars[first..<self.index]))
        }
        var exponent = "0"
        if self.current == "e" || self.current == "E" {
            let isSigned =
                self.index + 1 < self.scalars.count && ["+", "-", "\u{2212}"].contains(self.scalars[self.index + 1])
            let first = self.index + (isSigned ? 2 : 1)
            // Without digits it is no exponent but the constant e, which the parser will say needs its *.
            if self.digit(at: first) {
                let isNegative = isSigned && self.scalars[self.index + 1] != "+"
                self.index = first
                self.skip { ("0"..."9").contains($0) }
                exponent = (isNegative ? "-" : "") + String(String.UnicodeScalarView(self.scalars[first..<self.index]))
            }
        }
        switch self.current {
        case "_", "'", "\u{2019}": throw ExpressionError(problem: .thousandsSeparator, position: start + 1)
        case ".": throw ExpressionError(problem: .malformedNumber(text(to: self.index + 1)), position: start + 1)
        default: break
        }
        do {
            return .number(try Self.value(whole: whole, fraction: fraction, exponent: exponent))
        } catch {
            throw ExpressionError(problem: error, position: start + 1)
        }
    }

    private static func value(
        whole: String, fraction: String, exponent: String
    ) throws(ExpressionProblem) -> Quantity {
        let digits = whole + fraction
        if digits.utf8.allSatisfy({ $0 == UInt8(ascii: "0") }) { return .zero }
        if let mantissa = Int128(digits), let exponent = Int(exponent),
            // Beyond 38 digits a power of ten does not fit; the subtraction cannot overflow at this size.
            (-1_000...1_000).contains(exponent), let scale = Rational(10).power(Int128(exponent - fraction.utf8.count)),
            let exact = Rational(mantissa).multiplied(by: scale)
        {
            return .exact(exact)
        }
        guard let double = Double("\(whole.isEmpty ? "0" : whole).\(fraction.isEmpty ? "0" : fraction)e\(exponent)")
        else {
            throw .malformedNumber("\(whole).\(fraction)e\(exponent)")
        }
        return try Quantity.nonZero(double, of: "A number")
    }
}
