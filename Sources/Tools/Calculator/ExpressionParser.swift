/// Reads an expression by precedence climbing and gives its value.
///
/// From the loosest to the tightest: `+ -`; `* / %`; the sign; `^`, which groups to the right, so that -2^2 is -4;
/// `!` and the percent sign after a value.
struct ExpressionParser {
    /// Levels of parentheses, calls, signs and exponents. Nobody writes more by hand, and a stack takes it easily.
    static let maximumDepth = 100

    private enum Binding: Int {
        case sum = 1
        case product, sign, power, postfix
    }

    private let tokens: [ExpressionToken]
    private var index = 0
    private var depth = 0

    /// - Throws: the first thing that is wrong, in the order of reading.
    static func value(of text: String) throws(ExpressionError) -> Quantity {
        guard text.unicodeScalars.count <= Calculate.maximumLength else {
            throw ExpressionError(problem: .tooLong(limit: Calculate.maximumLength), position: 1)
        }
        var parser = ExpressionParser(tokens: try ExpressionLexer.tokens(of: text))
        if parser.token.kind == .end { throw ExpressionError(problem: .empty, position: 1) }
        let value = try parser.expression(.sum)
        switch parser.token.kind {
        case .end: return value
        case .close: throw parser.error(.unopenedParenthesis)
        case .comma: throw parser.error(.commaOutsideCall)
        default: throw parser.unexpectedOperand()
        }
    }

    private init(tokens: [ExpressionToken]) { self.tokens = tokens }

    /// The token to be read; the last one, the end, is never passed.
    private var token: ExpressionToken { self.tokens[self.index] }
    private var following: ExpressionToken { self.tokens[min(self.index + 1, self.tokens.count - 1)] }

    private mutating func advance() {
        if self.index + 1 < self.tokens.count { self.index += 1 }
    }

    private func error(_ problem: ExpressionProblem, at token: ExpressionToken? = nil) -> ExpressionError {
        ExpressionError(problem: problem, position: (token ?? self.token).position)
    }

    private func unexpectedOperand() -> ExpressionError {
        if case .number = self.token.kind, self.index > 0, case .number = self.tokens[self.index - 1].kind {
            return self.error(.thousandsSeparator)
        }
        return self.error(.expectedOperator(found: self.token.described))
    }

    /// Gives a problem of arithmetic the position of the operator or the name that caused it.
    private func located<Value>(
        _ token: ExpressionToken, _ body: () throws(ExpressionProblem) -> Value
    ) throws(ExpressionError) -> Value {
        do { return try body() } catch { throw self.error(error, at: token) }
    }

    // MARK: Operators

    private mutating func expression(_ least: Binding) throws(ExpressionError) -> Quantity {
        guard self.depth < Self.maximumDepth else { throw self.error(.tooDeep(limit: Self.maximumDepth)) }
        self.depth += 1
        defer { self.depth -= 1 }

        var left = try self.prefix()
        while let binding = try self.binding(), binding.rawValue >= least.rawValue {
            let sign = self.token
            self.advance()
            if binding == .postfix {
                left = try self.postfix(sign, left)
                continue
            }
            // `^` groups to the right, everything else to the left. A sign may follow an operator.
            let right = try self.expression(
                binding == .power ? .power : Binding(rawValue: binding.rawValue + 1) ?? .postfix)
            left = try self.located(sign) { () throws(ExpressionProblem) in
                switch sign.kind {
                case .plus: try left.adding(right)
                case .minus: try left.subtracting(right)
                case .times: try left.multiplied(by: right)
                case .over: try left.divided(by: right)
                case .percent: try left.remainder(dividingBy: right)
                default: try left.power(right)
                }
            }
        }
        return left
    }

    /// How tightly the operator at hand binds; nil where there is none.
    private func binding() throws(ExpressionError) -> Binding? {
        switch self.token.kind {
        case .plus, .minus: return .sum
        case .times, .over: return .product
        case .power: return .power
        case .factorial: return .postfix
        case .percent:
            // Before an operand it is the remainder, before a sign nobody can tell, and else it is percent.
            switch self.following.kind {
            case .number, .name, .open: return .product
            case .plus, .minus: throw self.error(.ambiguousPercent)
            default: return .postfix
            }
        default: return nil
        }
    }

    private mutating func postfix(
        _ sign: ExpressionToken, _ value: Quantity
    ) throws(ExpressionError) -> Quantity {
        if sign.kind == .factorial, self.token.kind == .factorial { throw self.error(.doubleFactorial, at: sign) }
        return try self.located(sign) { () throws(ExpressionProblem) in
            sign.kind == .factorial ? try value.factorial() : try value.divided(by: Quantity(100))
        }
    }

    // MARK: Operands

    private mutating func prefix() throws(ExpressionError) -> Quantity {
        let token = self.token
        self.advance()
        switch token.kind {
        case .plus: return try self.expression(.sign)
        case .minus: return try self.expression(.sign).negated
        case .number(let value): return value
        case .name(let name): return try self.named(name, token)
        case .open:
            let value = try self.expression(.sum)
            switch self.token.kind {
            case .close: self.advance()
            case .end: throw self.error(.unclosedParenthesis, at: token)
            case .comma: throw self.error(.commaOutsideCall)
            default: throw self.unexpectedOperand()
            }
            return value
        default: throw self.error(.expectedValue(found: token.described), at: token)
        }
    }

    private mutating func named(_ name: String, _ token: ExpressionToken) throws(ExpressionError) -> Quantity {
        if let constant = CalculatorFunction.constants[name] { return constant }
        guard let function = CalculatorFunction(rawValue: name) else {
            let closest = closestNames(to: name, among: CalculatorFunction.allNames, limit: 1).first
            throw self.error(.unknownName(token.text, closest: closest), at: token)
        }
        guard self.token.kind == .open else { throw self.error(.missingParentheses(function: name), at: token) }
        let values = try self.arguments()
        guard function.arguments.contains(values.count) else {
            throw self.error(.argumentCount(function: name, takes: function.takes, given: values.count), at: token)
        }
        return try self.located(token) { () throws(ExpressionProblem) in try function(values) }
    }

    private mutating func arguments() throws(ExpressionError) -> [Quantity] {
        let open = self.token
        self.advance()
        var values: [Quantity] = []
        if self.token.kind == .close {
            self.advance()
            return values
        }
        while true {
            values.append(try self.expression(.sum))
            switch self.token.kind {
            case .comma:
                if self.isThousandsSeparator { throw self.error(.thousandsSeparator) }
                self.advance()
            case .close:
                self.advance()
                return values
            case .end: throw self.error(.unclosedParenthesis, at: open)
            default: throw self.unexpectedOperand()
            }
        }
    }

    /// Whether a comma between arguments is meant as in 1,000: no other number begins with a zero and two more digits.
    private var isThousandsSeparator: Bool {
        guard self.index > 0, case .number = self.tokens[self.index - 1].kind, self.token.isAdjacent,
            case .number = self.following.kind, self.following.isAdjacent
        else { return false }
        let digits = self.following.text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return digits.count == 3 && digits.first == UInt8(ascii: "0")
    }
}
