package import JSON

/// Calculates what a person would type into a calculator. There is no language behind it: nothing can be stored, looped or
/// reached.
package struct Calculate: Tool {
    /// Unicode scalars. More than any question needs, and read in well under a millisecond.
    package static let maximumLength = 1_000

    package let name = "calculate"

    package let description = """
        Calculates an arithmetic expression, exactly where it can. Use it for every calculation beyond the simplest ones.
        Operators: + - * / ^ (power, groups to the right), ! (factorial), parentheses. a % b is the remainder with the sign \
        of b; a % that no operand follows is percent: 200 * 15% is 30.
        Functions: sqrt cbrt abs exp ln log (base 10, or log(x, base)) log2 log10 sin cos tan asin acos atan atan2 sinh \
        cosh tanh (radians) floor ceil trunc round (halves away from zero, or round(x, digits)) min max gcd lcm hypot pow \
        mod. Constants: pi e tau.
        Write numbers with a decimal point and without thousands separators: 1234.5 or 1.2e-3. Write every *: 2*pi.
        """

    package let inputSchema: JSONValue = [
        "type": "object",
        "properties": [
            "expression": [
                "type": "string", "description": "The expression, for example (1 + 2) * sqrt(16) / 3",
                "minLength": 1, "maxLength": .int(Calculate.maximumLength),
            ]
        ],
        "required": ["expression"],
        "additionalProperties": false,
    ]

    package init() {}

    package func run(_ input: JSONValue) async throws -> String {
        guard let expression = input["expression"]?.stringValue else { throw ToolFailure("expression is missing.") }
        return try Self.result(of: expression)
    }

    /// The value of an expression as text.
    ///
    /// - Throws: `ToolFailure` that says what is wrong and where.
    package static func result(of expression: String) throws(ToolFailure) -> String {
        do {
            let value = try ExpressionParser.value(of: expression)
            return value.text + (value.isRoundedInteger ? " (rounded to 15 significant digits)" : "")
        } catch {
            throw ToolFailure(error.description)
        }
    }
}
