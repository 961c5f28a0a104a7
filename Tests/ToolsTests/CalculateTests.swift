import JSON
import Testing
import Tools

@Suite struct CalculateTests {
    private func value(_ expression: String) throws -> String { try Calculate.result(of: expression) }

    private func message(_ expression: String) -> String {
        do {
            return "no error, but \(try Calculate.result(of: expression))"
        } catch {
            return error.message
        }
    }

    // MARK: Grammar

    @Test(arguments: [
        ("6*7", "42"), ("1 + 2 * 3", "7"), ("(1 + 2) * 3", "9"), ("10 - 4 - 3", "3"), ("100 / 10 / 5", "2"),
        ("2^10", "1024"), ("2**10", "1024"), ("2^3^2", "512"), ("-2^2", "-4"), ("(-2)^2", "4"), ("2^-2", "0.25"),
        ("2*-3", "-6"), ("--3", "3"), ("-+-3", "3"), ("4 - -3", "7"), ("-3!", "-6"), ("2^3!", "64"), ("3!^2", "36"),
        ("((((7))))", "7"), ("  8\t/\n2 ", "4"), ("+5", "5"), ("5 - 5", "0"), ("-0", "0"), ("0 * -1", "0"),
    ])
    func `operators bind as in mathematics`(expression: String, value: String) throws {
        #expect(try self.value(expression) == value)
    }

    @Test(arguments: [
        ("6×7", "42"), ("6·7", "42"), ("6⋅7", "42"), ("84÷2", "42"), ("50−8", "42"), ("50–8", "42"),
        ("2×π", "6.28318530717959"),
    ])
    func `the signs that people and models write are understood`(expression: String, value: String) throws {
        #expect(try self.value(expression) == value)
    }

    @Test(arguments: [
        ("50%", "0.5"), ("200 * 15%", "30"), ("200 + 10%", "200.1"), ("10 % 3", "1"), ("10%3", "1"), ("-7 % 3", "2"),
        ("7 % (-3)", "-2"), ("(50%) - 3", "-2.5"), ("50% * 2", "1"), ("7.5 % 2", "1.5"), ("2 * 10 % 7", "6"),
        ("max(5%, 1%)", "0.05"), ("50%%", "0.005"), ("10 % pi", "0.575222039230621"),
    ])
    func `a percent sign is the remainder before an operand and a hundredth elsewhere`(
        expression: String, value: String
    ) throws {
        #expect(try self.value(expression) == value)
    }

    // MARK: Numbers

    @Test(arguments: [
        ("007", "7"), (".5", "0.5"), ("5.", "5"), ("1.50", "1.5"), ("1e3", "1000"), ("1.5E-3", "0.0015"),
        ("1e+2", "100"),
        ("2e0", "2"), ("1e-7", "0.0000001"), ("0.1 + 0.2", "0.3"), ("1/3", "0.333333333333333"), ("1/3*3", "1"),
        ("2/3 + 1/3", "1"), ("1/7 - 1/7", "0"), ("1 - 0.9", "0.1"), ("0e999", "0"), ("1/1024", "0.0009765625"),
        ("-1/8", "-0.125"), ("3.14159265358979323846264338327950288419716939937510", "3.14159265358979"),
    ])
    func `numbers are read and written as people do, and stay exact`(expression: String, value: String) throws {
        #expect(try self.value(expression) == value)
    }

    @Test(arguments: [
        ("9007199254740993 + 0", "9007199254740993"),
        ("123456789 * 987654321", "121932631112635269"),
        ("2^126", "85070591730234615865843651857942052864"),
        ("170141183460469231731687303715884105727", "170141183460469231731687303715884105727"),
        ("-170141183460469231731687303715884105727", "-170141183460469231731687303715884105727"),
        ("33!", "8683317618811886495518194401280000000"),
        ("(10^30 + 1) - 10^30", "1"),
        ("12345678901234567890.5 * 2", "24691357802469135781"),
        ("1000000.01 * 3", "3000000.03"),
    ])
    func `integers of up to 38 digits are exact`(expression: String, value: String) throws {
        #expect(try self.value(expression) == value)
    }

    @Test(arguments: [
        ("2^127", "1.70141183460469e38 (rounded to 15 significant digits)"),
        ("2^1000", "1.07150860718627e301 (rounded to 15 significant digits)"),
        ("34!", "2.95232799039604e38 (rounded to 15 significant digits)"),
        ("100!", "9.33262154439442e157 (rounded to 15 significant digits)"),
        ("170!", "7.257415615308e306 (rounded to 15 significant digits)"),
        ("10^30 / 7", "1.42857142857143e29 (rounded to 15 significant digits)"),
        ("1e300", "1e300 (rounded to 15 significant digits)"),
        ("-2^127 - 1", "-1.70141183460469e38 (rounded to 15 significant digits)"),
        ("floor(-2^127)", "-1.70141183460469e38 (rounded to 15 significant digits)"),
        ("abs(floor(-(2^127)))", "1.70141183460469e38 (rounded to 15 significant digits)"),
        ("round(-(2^127))", "-1.70141183460469e38 (rounded to 15 significant digits)"),
        ("2^-1000", "9.33263618503219e-302"),
    ])
    func `what is larger is rounded and says so`(expression: String, value: String) throws {
        #expect(try self.value(expression) == value)
    }

    // MARK: Functions

    @Test(arguments: [
        ("sqrt(16)", "4"), ("sqrt(2)", "1.4142135623731"), ("sqrt(1/4)", "0.5"), ("sqrt(10^36)", "1000000000000000000"),
        ("cbrt(27)", "3"), ("cbrt(-8)", "-2"), ("cbrt(2)", "1.25992104989487"), ("4^0.5", "2"), ("4^(3/2)", "8"),
        ("8^(1/3)", "2"), ("sqrt(2)^2", "2"), ("sqrt(2)^2 - 2", "0"), ("abs(-3)", "3"), ("abs(-1/3)*3", "1"),
        ("0^0", "1"),
        ("exp(0)", "1"), ("exp(1) - e", "0"), ("ln(e)", "1"), ("ln(1)", "0"), ("log(100)", "2"), ("log(1000)", "3"),
        ("floor(log(1000))", "3"), ("log(8, 2)", "3"), ("log(1/8, 2)", "-3"), ("floor(log(243, 3))", "5"),
        ("log2(1024)", "10"), ("log10(0.001)", "-3"), ("log(2)", "0.301029995663981"), ("ln(10)", "2.30258509299405"),
        ("pow(2, 0.5)", "1.4142135623731"), ("mod(-7, 3)", "2"), ("mod(7, -3)", "-2"), ("mod(5.5, 2)", "1.5"),
        ("mod(6, 3)", "0"), ("mod(-6, 3)", "0"), ("PI", "3.14159265358979"), ("tau / pi", "2"),
    ])
    func `powers, roots and logarithms`(expression: String, value: String) throws {
        #expect(try self.value(expression) == value)
    }

    @Test(arguments: [
        ("sin(0)", "0"), ("sin(pi)", "0"), ("sin(100*pi)", "0"), ("cos(pi)", "-1"), ("cos(pi/2)", "0"),
        ("tan(pi)", "0"),
        ("sin(pi/6)", "0.5"), ("tan(pi/4)", "1"), ("asin(1) - pi/2", "0"), ("acos(1)", "0"), ("atan(1)*4 - pi", "0"),
        ("atan2(1, -1)", "2.35619449019234"), ("sinh(0)", "0"), ("cosh(0)", "1"), ("tanh(1)", "0.761594155955765"),
        ("sin(1e-20)", "1e-20"), ("sin(1)^2 + cos(1)^2", "1"),
    ])
    func `angles are in radians, and rounding is not taken for a number`(expression: String, value: String) throws {
        #expect(try self.value(expression) == value)
    }

    @Test(arguments: [
        ("floor(2.7)", "2"), ("floor(-2.1)", "-3"), ("ceil(2.1)", "3"), ("ceil(-2.7)", "-2"), ("trunc(-2.7)", "-2"),
        ("trunc(2.7)", "2"), ("round(2.5)", "3"), ("round(-2.5)", "-3"), ("round(2.4)", "2"),
        ("round(1.005, 2)", "1.01"),
        ("round(1234, -2)", "1200"), ("round(pi, 4)", "3.1416"), ("floor(pi)", "3"), ("ceil(-pi)", "-3"),
        ("round(1/3, 3)", "0.333"),
        ("floor(5)", "5"), ("ceil(5)", "5"),
    ])
    func `rounding`(expression: String, value: String) throws {
        #expect(try self.value(expression) == value)
    }

    @Test(arguments: [
        ("min(3, 1, 2)", "1"), ("max(3, 1, 2)", "3"), ("min(5)", "5"), ("max(pi, 3)", "3.14159265358979"),
        ("max(1/3, 0.333)", "0.333333333333333"), ("max(100,200)", "200"), ("gcd(12, 18)", "6"), ("gcd(0, 5)", "5"),
        ("gcd(-12, 18, 27)", "3"), ("lcm(4, 6)", "12"), ("lcm(4, 6, 10)", "60"), ("lcm(4, 0)", "0"),
        ("lcm(-4, 6)", "12"),
        ("hypot(3, 4)", "5"), ("hypot(1, 2, 2)", "3"), ("hypot(1, 1)", "1.4142135623731"),
        ("hypot(1e200, 0)", "1e200 (rounded to 15 significant digits)"),
        ("max(2^127, 2^128) / 2^127", "2"), ("min(1, max(2, 3) - 2.5)", "0.5"),
    ])
    func `functions of several arguments`(expression: String, value: String) throws {
        #expect(try self.value(expression) == value)
    }

    @Test(arguments: [
        ("0!", "1"), ("1!", "1"), ("5!", "120"), ("20!", "2432902008176640000"), ("5!/3!", "20"), ("(3!)!", "720"),
    ])
    func `factorials`(expression: String, value: String) throws {
        #expect(try self.value(expression) == value)
    }

    // MARK: Bounds

    @Test func `the length is bounded in scalars`() throws {
        #expect(try self.value(String(repeating: "1+", count: 499) + "12") == "511")
        #expect(self.message(String(repeating: "1+", count: 500) + "1").contains("more than 1000 characters"))
        #expect(self.message("1" + String(repeating: "\u{301}", count: 1_000)).contains("more than 1000 characters"))
    }

    @Test func `the nesting is bounded, whatever it is made of`() throws {
        let depth = 99
        #expect(
            try self.value(String(repeating: "(", count: depth) + "1" + String(repeating: ")", count: depth)) == "1")
        for (open, close) in [("(", ")"), ("abs(", ")"), ("-", ""), ("1^", "")] {
            let nested = String(repeating: open, count: 120) + "1" + String(repeating: close, count: 120)
            #expect(self.message(nested).contains("nested deeper than 100 levels"), "\(open)")
        }
    }

    @Test func `no expression of these pieces crashes it`() {
        let pieces = [
            "1", "0", "2.5", "170", "1e38", "1e308", "1e-308", "pi", "e", "+", "-", "*", "/", "%", "^", "!", "(", ")",
            ",",
            "max(", "sqrt(", "gcd(", "lcm(", "round(", "floor(", "log(", "mod(", "tan(", "hypot(",
            "170141183460469231731687303715884105727",
        ]
        var generator = SplitMix(state: 42)
        var values = 0
        for _ in 0..<20_000 {
            let expression = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
                pieces[Int.random(in: 0..<pieces.count, using: &generator)]
            }.joined()
            if let value = try? self.value(expression) {
                values += 1
                #expect(!value.contains("nan") && !value.contains("inf") && !value.isEmpty, "\(expression)")
            }
        }
        #expect(values > 100)
    }

    // MARK: The tool

    @Test func `the tool calculates what its input says`() async throws {
        #expect(try await Calculate().run(["expression": "6*7"]) == "42")
        await #expect(throws: ToolFailure("At character 2: Division by zero.")) {
            try await Calculate().run(["expression": "1/0"])
        }
    }

    @Test func `the schema takes an expression and nothing else`() {
        let validator = JSONSchemaValidator(schema: Calculate().inputSchema)
        #expect(validator.failures(in: ["expression": "1"]).isEmpty)
        for input in [[:], ["expression": ""], ["expression": 1], ["expression": "1", "precision": 3]] as [JSONValue] {
            #expect(validator.failures(in: input).count == 1, "\(input)")
        }
        #expect(validator.failures(in: ["expression": .string(String(repeating: "1", count: 1_001))]).count == 1)
    }
}

/// A generator that gives the same numbers for the same seed (Steele, Lea and Flood 2014), so that a failure can be repeated.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
