/// What an expression can call by name.
enum CalculatorFunction: String, CaseIterable {
    case sqrt, cbrt, abs, exp, ln, log, log2, log10
    case sin, cos, tan, asin, acos, atan, atan2, sinh, cosh, tanh
    case floor, ceil, round, trunc, min, max, gcd, lcm, hypot, pow, mod

    /// How many arguments it takes. The upper bound of what takes any number is that of the expression's length.
    var arguments: ClosedRange<Int> {
        switch self {
        case .log, .round: 1...2
        case .atan2, .pow, .mod: 2...2
        case .min, .max, .gcd, .lcm: 1...Calculate.maximumLength
        case .hypot: 2...Calculate.maximumLength
        default: 1...1
        }
    }

    /// `arguments` in words.
    var takes: String {
        let (least, most) = (self.arguments.lowerBound, self.arguments.upperBound)
        if most == Calculate.maximumLength { return "\(least) or more arguments" }
        if least < most { return "\(least) or \(most) arguments" }
        return least == 1 ? "1 argument" : "\(least) arguments"
    }

    static let constants: [String: Quantity] = [
        "pi": .approximate(.pi), "π": .approximate(.pi), "e": .approximate(2.718281828459045),
        "tau": .approximate(2 * .pi), "τ": .approximate(2 * .pi),
    ]

    /// What a person or a model can write, functions and constants.
    static let allNames = (CalculatorFunction.allCases.map(\.rawValue) + ["pi", "e", "tau"]).sorted()
}
