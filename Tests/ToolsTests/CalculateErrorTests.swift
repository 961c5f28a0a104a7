import Testing
import Tools

@Suite struct CalculateErrorTests {
    private func message(_ expression: String) -> String {
        do {
            return "no error, but \(try Calculate.result(of: expression))"
        } catch {
            return error.message
        }
    }

    @Test(arguments: [
        ("1/0", "At character 2: Division by zero."),
        ("5 % 0", "At character 3: Division by zero."),
        ("mod(5, 2-2)", "At character 1: Division by zero."),
        ("0^-1", "At character 2: Division by zero."),
        ("1 + 1/(sqrt(2)^2 - 2)", "At character 6: Division by zero."),
        ("1/sin(pi)", "At character 2: Division by zero."),
        ("sqrt(-4)", "At character 1: sqrt(-4) is not defined for real numbers."),
        ("1 + ln(0)", "At character 5: ln(0) is not defined for real numbers."),
        ("log(8, 1)", "At character 1: log(8, 1) is not defined for real numbers."),
        ("log(-8, 2)", "At character 1: log(-8, 2) is not defined for real numbers."),
        ("asin(2)", "At character 1: asin(2) is not defined for real numbers."),
        ("tan(pi/2)", "At character 1: tan(1.5707963267949) is not defined for real numbers."),
        ("(-8)^(1/3)", "At character 5: (-8)^(0.333333333333333) is not defined for real numbers."),
        ("sin(1e16)", "At character 1: The angle is too large to be exact; reduce it to less than 1e15 radians first."),
        ("10^400", "At character 3: The result is too large (beyond about 1.8e308)."),
        ("1e400", "At character 1: The result is too large (beyond about 1.8e308)."),
        ("1e999999999999999999999", "At character 1: The result is too large (beyond about 1.8e308)."),
        ("exp(1000)", "At character 1: The result is too large (beyond about 1.8e308)."),
        ("1e200 * 1e200", "At character 7: The result is too large (beyond about 1.8e308)."),
        ("lcm(10^38, 3)", "At character 1: The result is too large (beyond about 1.8e308)."),
        ("exp(-1000)", "At character 1: The result is not zero, but too close to it (below about 4.9e-324)."),
        ("1e-400", "At character 1: The result is not zero, but too close to it (below about 4.9e-324)."),
        ("171!", "At character 4: What has a factorial here must be an integer from 0 to 170."),
        ("2.5!", "At character 4: What has a factorial here must be an integer from 0 to 170."),
        ("(-1)!", "At character 5: What has a factorial here must be an integer from 0 to 170."),
        ("gcd(1.5, 2)", "At character 1: Each argument of gcd must be an integer."),
        ("round(1, 0.5)", "At character 1: The second argument of round must be an integer from -30 to 30."),
        ("round(1, 99)", "At character 1: The second argument of round must be an integer from -30 to 30."),
    ])
    func `what has no value says why and where`(expression: String, message: String) {
        #expect(self.message(expression) == message)
    }

    @Test(arguments: [
        ("", "The expression is empty."),
        ("  ", "The expression is empty."),
        ("1 +", "At character 4: Expected a number, a function or \"(\", found the end."),
        ("* 2", "At character 1: Expected a number, a function or \"(\", found \"*\"."),
        ("1 + * 2", "At character 5: Expected a number, a function or \"(\", found \"*\"."),
        ("()", "At character 2: Expected a number, a function or \"(\", found \")\"."),
        ("max(1,)", "At character 7: Expected a number, a function or \"(\", found \")\"."),
        ("2 (3)", "At character 3: Expected an operator, found \"(\". A product needs its *."),
        ("2pi", "At character 2: Expected an operator, found \"pi\". A product needs its *."),
        ("2e", "At character 2: Expected an operator, found \"e\". A product needs its *."),
        ("(1 + 2", "At character 1: This \"(\" is never closed."),
        ("3 * max(1, 2", "At character 8: This \"(\" is never closed."),
        ("1 + 2)", "At character 6: This \")\" closes nothing."),
        ("1.2.3", "At character 1: \"1.2.\" is not a number."),
        ("sqrt 4", "At character 1: Write sqrt's arguments in parentheses: sqrt(…)."),
        (
            "max()",
            "At character 1: max takes 1 or more arguments, but has 0. A comma separates arguments, never thousands."
        ),
        ("sin(1, 2)", "At character 1: sin takes 1 argument, but has 2. A comma separates arguments, never thousands."),
        ("pow(2)", "At character 1: pow takes 2 arguments, but has 1. A comma separates arguments, never thousands."),
        (
            "log(1,2,3)",
            "At character 1: log takes 1 or 2 arguments, but has 3. A comma separates arguments, never thousands."
        ),
        ("3!!", "At character 2: !! has two meanings. Write (n!)! for the factorial of a factorial."),
    ])
    func `what cannot be read says why and where`(expression: String, message: String) {
        #expect(self.message(expression) == message)
    }

    @Test(arguments: ["1,000 + 1", "1 + 1,000", "(1,000)", "1,5 * 2"])
    func `a comma outside of a call is refused`(expression: String) {
        #expect(self.message(expression).contains("A comma only separates the arguments"))
    }

    @Test(arguments: [
        "max(1,000)", "sqrt(10,050)", "1 000 000", "1\u{202F}000", "1_000", "1'000", "sqrt(1 000)", "(1 000)",
    ])
    func `thousands separators are refused`(expression: String) {
        #expect(self.message(expression).contains("without thousands separators"))
    }

    @Test(arguments: ["50% - 3", "50 % -3", "50% + 3"])
    func `a percent sign before a sign is refused, for nobody can tell what it means`(expression: String) {
        #expect(self.message(expression).contains("can mean percent or remainder"))
    }

    @Test func `an unknown name is told what was probably meant, and all names`() {
        let message = self.message("2 * sqr(4)")
        #expect(message.hasPrefix("At character 5: \"sqr\" is not known. Did you mean \"sqrt\"?"))
        #expect(message.contains("abs, acos, asin"))
        #expect(!self.message("x + 1").contains("Did you mean"))
    }

    @Test(arguments: ["2 = 2", "a[1]", "\"1\"", "1;2", "1 | 2", "²", "٣", "$5", "import os", "().__class__"])
    func `there is no language behind it`(expression: String) {
        #expect(self.message(expression).hasPrefix("At character"))
    }
}
