import Foundation

/// A number of a calculation: exact as long as it can be, else a 64-bit floating-point number, never NaN or infinite.
enum Quantity: Hashable, Sendable {
    case exact(Rational)
    case approximate(Double)

    static let zero = Quantity.exact(.zero)

    init(_ integer: Int128) { self = .exact(Rational(integer)) }

    /// nil for what has a fraction or does not fit.
    init?(whole double: Double) {
        guard let rational = Int128(exactly: double).flatMap({ Rational($0, over: 1) }) else { return nil }
        self = .exact(rational)
    }

    /// - Throws: `tooLarge` for an infinity, `notDefined` for what is not a number.
    init(approximate double: Double, of what: @autoclosure () -> String) throws(ExpressionProblem) {
        if double.isNaN { throw .notDefined(what()) }
        if double.isInfinite { throw .tooLarge }
        self = .approximate(double)
    }

    var double: Double {
        switch self {
        case .exact(let rational): rational.double
        case .approximate(let double): double
        }
    }

    var exact: Rational? { if case .exact(let rational) = self { rational } else { nil } }
    var isZero: Bool { self.exact?.isZero ?? (self.double == 0) }
    var isNegative: Bool { self.exact?.isNegative ?? (self.double < 0) }
    /// The value, where it is exact and an integer.
    var integer: Int128? { self.exact.flatMap { $0.isInteger ? $0.numerator : nil } }

    var negated: Quantity {
        switch self {
        case .exact(let rational): .exact(rational.negated)
        case .approximate(let double): .approximate(-double)
        }
    }

    var magnitude: Quantity { self.isNegative ? self.negated : self }

    func isLess(than other: Quantity) -> Bool {
        if let left = self.exact, let right = other.exact, let isLess = left.isLess(than: right) { return isLess }
        return self.double < other.double
    }

    // MARK: Arithmetic

    func adding(_ other: Quantity) throws(ExpressionProblem) -> Quantity {
        if let left = self.exact, let right = other.exact {
            if let sum = left.adding(right) { return .exact(sum) }
        } else if !self.isZero, !other.isZero {
            // What is left of two rounded numbers below their last digit is the rounding, as in sqrt(2)^2 - 2.
            let sum = self.double + other.double
            if abs(sum) <= max(self.double.ulp, other.double.ulp) { return .zero }
        }
        return try Quantity(approximate: self.double + other.double, of: "A sum")
    }

    func subtracting(_ other: Quantity) throws(ExpressionProblem) -> Quantity { try self.adding(other.negated) }

    func multiplied(by other: Quantity) throws(ExpressionProblem) -> Quantity {
        if self.isZero || other.isZero { return .zero }
        if let left = self.exact, let right = other.exact, let product = left.multiplied(by: right) {
            return .exact(product)
        }
        return try Self.nonZero(self.double * other.double, of: "A product")
    }

    func divided(by other: Quantity) throws(ExpressionProblem) -> Quantity {
        if other.isZero { throw .divisionByZero }
        if self.isZero { return .zero }
        if let left = self.exact, let right = other.exact, let quotient = left.divided(by: right) {
            return .exact(quotient)
        }
        return try Self.nonZero(self.double / other.double, of: "A quotient")
    }

    /// What is left of a division whose quotient is rounded down: it has the sign of `other`, as in mathematics and Python.
    func remainder(dividingBy other: Quantity) throws(ExpressionProblem) -> Quantity {
        if other.isZero { throw .divisionByZero }
        if let left = self.exact, let right = other.exact, let quotient = left.divided(by: right),
            let whole = right.multiplied(by: Rational(quotient.floor)), let remainder = left.subtracting(whole)
        {
            return .exact(remainder)
        }
        let remainder = fmod(self.double, other.double)
        let isOfOtherSign = remainder != 0 && (remainder < 0) != other.isNegative
        return try Quantity(approximate: isOfOtherSign ? remainder + other.double : remainder, of: "A remainder")
    }

    /// 0^0 is 1, as in combinatorics and in every programming language.
    func power(_ exponent: Quantity) throws(ExpressionProblem) -> Quantity {
        if exponent.isZero { return Quantity(1) }
        if self.isZero {
            if exponent.isNegative { throw .divisionByZero }
            return .zero
        }
        if let base = self.exact, let exponent = exponent.exact {
            if exponent.isInteger, let power = base.power(exponent.numerator) { return .exact(power) }
            if exponent.denominator == 2, let root = base.root(2), let power = root.power(exponent.numerator) {
                return .exact(power)
            }
        }
        return try Self.nonZero(pow(self.double, exponent.double), of: "(\(self.text))^(\(exponent.text))")
    }

    /// The factorial of an integer from 0 to 170, the last that a 64-bit floating-point number can hold.
    func factorial() throws(ExpressionProblem) -> Quantity {
        guard let integer = self.integer, (0...170).contains(integer) else {
            throw .needsInteger("What has a factorial here", 0...170)
        }
        var exact: Int128? = 1
        // Two numbers, the second one being what the first one rounds off: else the fifteenth digit would be wrong.
        var (high, low) = (1.0, 0.0)
        for factor in 1...max(integer, 1) {
            exact = exact.flatMap { Rational.product($0, factor) }
            let product = high * Double(factor)
            low = low * Double(factor) + (-product).addingProduct(high, Double(factor))
            high = product
        }
        return exact.map { Quantity($0) } ?? .approximate(high + low)
    }

    /// - Throws: `tooSmall` where what cannot be zero was rounded to it.
    static func nonZero(
        _ double: Double, of what: @autoclosure () -> String
    ) throws(ExpressionProblem) -> Quantity {
        if double == 0 { throw .tooSmall }
        return try Quantity(approximate: double, of: what())
    }
}
