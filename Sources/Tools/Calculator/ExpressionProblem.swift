/// Why an expression has no value.
enum ExpressionProblem: Error, Hashable {
    /// Unicode scalars.
    case tooLong(limit: Int)
    /// Levels.
    case tooDeep(limit: Int)
    case empty

    // MARK: What is written
    case unexpectedCharacter(Unicode.Scalar)
    case malformedNumber(String)
    case thousandsSeparator
    case commaOutsideCall
    case expectedValue(found: String)
    case expectedOperator(found: String)
    case unclosedParenthesis
    case unopenedParenthesis
    case unknownName(String, closest: String?)
    case missingParentheses(function: String)
    case argumentCount(function: String, takes: String, given: Int)
    case ambiguousPercent
    case doubleFactorial

    // MARK: What it means
    case divisionByZero
    case notDefined(String)
    case needsInteger(String, ClosedRange<Int>?)
    case angleTooLarge
    case tooLarge
    case tooSmall
}

extension ExpressionProblem: CustomStringConvertible {
    /// A sentence with what to do about it.
    var description: String {
        switch self {
        case .tooLong(let limit): "The expression has more than \(limit) characters. Calculate it in parts."
        case .tooDeep(let limit): "The expression is nested deeper than \(limit) levels. Calculate it in parts."
        case .empty: "The expression is empty."
        case .unexpectedCharacter(let scalar):
            "\"\(scalar)\" is not understood. Use numbers, + - * / % ^ !, parentheses and functions."
        case .malformedNumber(let text): "\"\(text)\" is not a number."
        case .thousandsSeparator: "Write numbers without thousands separators, 1000 for example."
        case .commaOutsideCall:
            "A comma only separates the arguments of a function. "
                + "Write numbers without thousands separators and with a decimal point, 1234.5 for example."
        case .expectedValue(let found): "Expected a number, a function or \"(\", found \(found)."
        case .expectedOperator(let found): "Expected an operator, found \(found). A product needs its *."
        case .unclosedParenthesis: "This \"(\" is never closed."
        case .unopenedParenthesis: "This \")\" closes nothing."
        case .unknownName(let name, let closest):
            "\"\(name)\" is not known." + (closest.map { " Did you mean \"\($0)\"?" } ?? "")
                + " The names are: \(CalculatorFunction.allNames.joined(separator: ", "))."
        case .missingParentheses(let function): "Write \(function)'s arguments in parentheses: \(function)(…)."
        case .argumentCount(let function, let takes, let given):
            "\(function) takes \(takes), but has \(given). A comma separates arguments, never thousands."
        case .ambiguousPercent:
            "A % before a sign can mean percent or remainder. "
                + "Write (50%) - 3 for percent, mod(50, -3) for the remainder."
        case .doubleFactorial: "!! has two meanings. Write (n!)! for the factorial of a factorial."
        case .divisionByZero: "Division by zero."
        case .notDefined(let what): "\(what) is not defined for real numbers."
        case .needsInteger(let what, let range):
            "\(what) must be an integer" + (range.map { " from \($0.lowerBound) to \($0.upperBound)" } ?? "") + "."
        case .angleTooLarge: "The angle is too large to be exact; reduce it to less than 1e15 radians first."
        case .tooLarge: "The result is too large (beyond about 1.8e308)."
        case .tooSmall: "The result is not zero, but too close to it (below about 4.9e-324)."
        }
    }
}
