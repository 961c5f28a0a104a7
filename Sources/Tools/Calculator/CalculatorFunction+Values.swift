import Foundation

extension CalculatorFunction {
    /// - Parameter values: as many as `arguments` allows, at least one.
    func callAsFunction(_ values: [Quantity]) throws(ExpressionProblem) -> Quantity {
        let x = values[0]
        switch self {
        case .abs: return x.magnitude
        case .floor, .ceil, .trunc: return try self.rounded(x)
        case .round: return try Self.rounded(x, digits: values.count > 1 ? values[1] : .zero)
        case .min: return values.reduce(x) { $1.isLess(than: $0) ? $1 : $0 }
        case .max: return values.reduce(x) { $0.isLess(than: $1) ? $1 : $0 }
        case .gcd, .lcm: return try self.divisor(values)
        case .pow: return try x.power(values[1])
        case .mod: return try x.remainder(dividingBy: values[1])
        case .sqrt, .cbrt: return try self.root(x)
        case .hypot: return try Self.hypotenuse(values)
        case .ln, .log, .log2, .log10: return try self.logarithm(x, base: values.count > 1 ? values[1] : nil)
        case .sin, .cos, .tan: return try self.ofAngle(x)
        case .atan2: return try self.result(Foundation.atan2(x.double, values[1].double), values)
        case .exp: return try Quantity.nonZero(Foundation.exp(x.double), of: "exp(\(x.text))")
        case .asin: return try self.result(Foundation.asin(x.double), values)
        case .acos: return try self.result(Foundation.acos(x.double), values)
        case .atan: return try self.result(Foundation.atan(x.double), values)
        case .sinh: return try self.result(Foundation.sinh(x.double), values)
        case .cosh: return try self.result(Foundation.cosh(x.double), values)
        case .tanh: return try self.result(Foundation.tanh(x.double), values)
        }
    }

    private func result(_ double: Double, _ values: [Quantity]) throws(ExpressionProblem) -> Quantity {
        try Quantity(approximate: double, of: self.call(values))
    }

    private func call(_ values: [Quantity]) -> String {
        "\(self.rawValue)(\(values.map(\.text).joined(separator: ", ")))"
    }

    // MARK: Roots and logarithms

    private func root(_ x: Quantity) throws(ExpressionProblem) -> Quantity {
        if let root = x.exact?.root(self == .sqrt ? 2 : 3) { return .exact(root) }
        return try self.result(self == .sqrt ? x.double.squareRoot() : Foundation.cbrt(x.double), [x])
    }

    private static func hypotenuse(_ values: [Quantity]) throws(ExpressionProblem) -> Quantity {
        if let squares = values.map({ $0.exact?.power(2) }) as? [Rational],
            let sum = squares.reduce(Optional(Rational.zero), { sum, square in sum.flatMap { $0.adding(square) } }),
            let root = sum.root(2)
        {
            return .exact(root)
        }
        let length = values.reduce(0) { Foundation.hypot($0, $1.double) }
        return try Quantity(approximate: length, of: "A length")
    }

    private func logarithm(_ x: Quantity, base given: Quantity?) throws(ExpressionProblem) -> Quantity {
        let arguments = [x] + (given.map { [$0] } ?? [])
        guard !x.isZero, !x.isNegative else { throw .notDefined(self.call(arguments)) }
        let base: Quantity? = self == .ln ? nil : given ?? Quantity(self == .log2 ? 2 : 10)
        if let base, base.isZero || base.isNegative || base.double == 1 { throw .notDefined(self.call(arguments)) }
        let logarithm =
            switch (self, given) {
            case (.ln, _): Foundation.log(x.double)
            case (.log2, _): Foundation.log2(x.double)
            case (_, nil): Foundation.log10(x.double)
            case (_, let base?): Foundation.log(x.double) / Foundation.log(base.double)
            }
        // floor(log(1000)) must be 3: where the base's whole power is the number, the logarithm is that whole number.
        let whole = logarithm.rounded()
        if let base = base?.exact, let x = x.exact, Swift.abs(whole) < 200, base.power(Int128(whole)) == x {
            return Quantity(Int128(whole))
        }
        return try self.result(logarithm, arguments)
    }

    // MARK: Angles

    /// Radians.
    private func ofAngle(_ x: Quantity) throws(ExpressionProblem) -> Quantity {
        let angle = x.double
        // A floating-point number of this size has no digits left for the place on the circle.
        guard Swift.abs(angle) < 1e15 else { throw .angleTooLarge }
        // Below the angle's own last digit a sine is rounding only: sin(pi) is 0, not 1.2e-16.
        let threshold = x.exact == nil ? angle.ulp : 0
        func cleaned(_ value: Double) -> Double { Swift.abs(value) <= threshold ? 0 : value }
        let (sine, cosine) = (cleaned(Foundation.sin(angle)), cleaned(Foundation.cos(angle)))
        switch self {
        case .sin: return .approximate(sine)
        case .cos: return .approximate(cosine)
        default:
            if cosine == 0 { throw .notDefined(self.call([x])) }
            return try self.result(sine == 0 ? 0 : Foundation.tan(angle), [x])
        }
    }

    // MARK: Integers

    private func rounded(_ x: Quantity) throws(ExpressionProblem) -> Quantity {
        switch x {
        case .exact(let rational):
            switch self {
            case .floor: return Quantity(rational.floor)
            case .ceil: return Quantity(-rational.negated.floor)
            default: return Quantity(rational.numerator / rational.denominator)
            }
        case .approximate(let double):
            let whole = double.rounded(self == .floor ? .down : self == .ceil ? .up : .towardZero)
            return Quantity(whole: whole) ?? x
        }
    }

    /// To the nearest, halves away from zero; negative digits are tens, hundreds, thousands.
    private static func rounded(_ x: Quantity, digits: Quantity) throws(ExpressionProblem) -> Quantity {
        guard let digits = digits.integer, (-30...30).contains(digits), let scale = Rational(10).power(digits) else {
            throw .needsInteger("The second argument of round", -30...30)
        }
        switch x {
        case .exact(let rational):
            guard let half = Rational(1, over: 2),
                let whole = rational.magnitude.multiplied(by: scale)?.adding(half)?.floor,
                let result = Rational(rational.isNegative ? -whole : whole).divided(by: scale)
            else { return x }
            return .exact(result)
        case .approximate(let double):
            let scaled = (double * scale.double).rounded(.toNearestOrAwayFromZero)
            guard let whole = Quantity(whole: scaled)?.exact, let result = whole.divided(by: scale) else { return x }
            return .exact(result)
        }
    }

    private func divisor(_ values: [Quantity]) throws(ExpressionProblem) -> Quantity {
        var result: Int128 = self == .gcd ? 0 : 1
        for value in values {
            guard let integer = value.integer, integer != .min else {
                throw .needsInteger("Each argument of \(self.rawValue)", nil)
            }
            let divisor = Rational.gcd(result, integer)
            if self == .gcd {
                result = divisor
            } else if integer == 0 {
                return .zero
            } else {
                guard let multiple = Rational.product(result, Swift.abs(integer / divisor)) else { throw .tooLarge }
                result = multiple
            }
        }
        return Quantity(result)
    }
}
