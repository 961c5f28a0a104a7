/// An exact fraction of two 128-bit integers in lowest terms. Operations give nil where their result does not fit.
struct Rational: Hashable, Sendable {
    let numerator: Int128
    /// More than zero.
    let denominator: Int128

    static let zero = Rational(0)

    /// - Parameter integer: any but the least one, which has no opposite.
    init(_ integer: Int128) {
        self.numerator = integer
        self.denominator = 1
    }

    /// nil where the denominator is zero or a term has no opposite in 128 bits.
    init?(_ numerator: Int128, over denominator: Int128) {
        // The least integer has no opposite: leaving it out keeps every negation below from overflowing.
        guard denominator != 0, numerator != .min, denominator != .min else { return nil }
        let divisor = Self.gcd(numerator, denominator)
        let sign: Int128 = denominator < 0 ? -1 : 1
        self.numerator = sign * numerator / divisor
        self.denominator = sign * denominator / divisor
    }

    var isInteger: Bool { self.denominator == 1 }
    var isZero: Bool { self.numerator == 0 }
    var isNegative: Bool { self.numerator < 0 }
    var double: Double { Double(self.numerator) / Double(self.denominator) }
    var negated: Rational { self.signChanged(to: -self.numerator) }
    var magnitude: Rational { self.signChanged(to: abs(self.numerator)) }

    /// The largest integer that is not above.
    var floor: Int128 {
        let (quotient, remainder) = self.numerator.quotientAndRemainder(dividingBy: self.denominator)
        return remainder < 0 ? quotient - 1 : quotient
    }

    private init(lowestTerms numerator: Int128, _ denominator: Int128) {
        self.numerator = numerator
        self.denominator = denominator
    }

    private func signChanged(to numerator: Int128) -> Rational { Rational(lowestTerms: numerator, self.denominator) }

    // MARK: Arithmetic

    func adding(_ other: Rational) -> Rational? {
        // By the least common denominator, so that the terms stay as small as they can.
        let divisor = Self.gcd(self.denominator, other.denominator)
        guard let left = Self.product(self.numerator, other.denominator / divisor),
            let right = Self.product(other.numerator, self.denominator / divisor),
            let denominator = Self.product(self.denominator / divisor, other.denominator)
        else { return nil }
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? nil : Rational(sum, over: denominator)
    }

    func subtracting(_ other: Rational) -> Rational? { self.adding(other.negated) }

    func multiplied(by other: Rational) -> Rational? {
        // Reduced crosswise before: the product is then in lowest terms and overflows only if it must.
        let first = Self.gcd(self.numerator, other.denominator)
        let second = Self.gcd(other.numerator, self.denominator)
        guard let numerator = Self.product(self.numerator / first, other.numerator / second),
            let denominator = Self.product(self.denominator / second, other.denominator / first)
        else { return nil }
        return Rational(numerator, over: denominator)
    }

    /// nil also for a division by zero.
    func divided(by other: Rational) -> Rational? {
        Rational(other.denominator, over: other.numerator).flatMap(self.multiplied)
    }

    /// nil also for a negative power of zero.
    func power(_ exponent: Int128) -> Rational? {
        guard exponent != .min else { return nil }
        guard exponent >= 0 else { return Rational(1).divided(by: self)?.power(-exponent) }
        var result = Rational(1)
        var square = self
        var rest = exponent
        while rest > 0 {
            if rest & 1 == 1 {
                guard let next = result.multiplied(by: square) else { return nil }
                result = next
            }
            rest >>= 1
            guard rest > 0 else { break }
            guard let next = square.multiplied(by: square) else { return nil }
            square = next
        }
        return result
    }

    /// The root, where it is a fraction too.
    func root(_ degree: Int) -> Rational? {
        guard let numerator = Self.root(degree, of: self.numerator),
            let denominator = Self.root(degree, of: self.denominator)
        else { return nil }
        return Rational(numerator, over: denominator)
    }

    /// nil where the terms are too large to be compared.
    func isLess(than other: Rational) -> Bool? {
        self.subtracting(other)?.isNegative
    }

    // MARK: Integers

    static func gcd(_ left: Int128, _ right: Int128) -> Int128 {
        var (left, right) = (left, right)
        while right != 0 { (left, right) = (right, left % right) }
        return abs(left)
    }

    static func product(_ left: Int128, _ right: Int128) -> Int128? {
        let (product, overflow) = left.multipliedReportingOverflow(by: right)
        return overflow || product == .min ? nil : product
    }

    /// The integer whose power of that degree, 2 or 3, is `value`.
    private static func root(_ degree: Int, of value: Int128) -> Int128? {
        guard value >= 0 else { return degree % 2 == 1 ? self.root(degree, of: -value).map { -$0 } : nil }
        var low: Int128 = 0
        // The roots of the largest integer have 64 and 43 bits.
        var high: Int128 = 1 << (degree == 2 ? 64 : 43)
        while low < high {
            let middle = (low + high + 1) / 2
            let power = (1..<degree).reduce(Optional(middle)) { power, _ in power.flatMap { self.product($0, middle) } }
            if let power, power <= value { low = middle } else { high = middle - 1 }
        }
        return (1..<degree).reduce(low) { power, _ in power * low } == value ? low : nil
    }
}
