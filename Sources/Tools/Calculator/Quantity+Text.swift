import Foundation

extension Quantity {
    /// Digits after the point up to which a fraction is written in full.
    private static let maximumFractionDigits = 20

    /// The number as people write it: an exact integer, and a decimal fraction that ends, in full; anything else with up to
    /// 15 significant digits, which is what a 64-bit floating-point number can be trusted with.
    var text: String {
        switch self {
        case .exact(let rational):
            rational.decimal(maximumDigits: Self.maximumFractionDigits) ?? Self.text(rational.double)
        case .approximate(let double): Self.text(double)
        }
    }

    /// Whether `text` looks like an integer that it is not: rounded digits before the point are worth a word.
    var isRoundedInteger: Bool {
        switch self {
        case .exact(let rational):
            rational.decimal(maximumDigits: Self.maximumFractionDigits) == nil && abs(rational.double) >= 1e15
        case .approximate(let double): abs(double) >= 1e15
        }
    }

    private static func text(_ double: Double) -> String {
        // 0.0 and -0.0 are the same number.
        if double == 0 { return "0" }
        let text = String(format: "%.15g", double)
        guard let mark = text.firstIndex(of: "e"), let exponent = Int(text[text.index(after: mark)...]) else {
            return text
        }
        return "\(text[..<mark])e\(exponent)"
    }
}

extension Rational {
    /// The fraction as a decimal, if it ends after at most that many digits.
    fileprivate func decimal(maximumDigits: Int) -> String? {
        var (scaled, digits) = (self, 0)
        while !scaled.isInteger {
            guard digits < maximumDigits, let next = scaled.multiplied(by: Rational(10)) else { return nil }
            (scaled, digits) = (next, digits + 1)
        }
        let sign = self.isNegative ? "-" : ""
        var text = String(scaled.numerator.magnitude)
        guard digits > 0 else { return sign + text }
        text = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
        return sign + text.dropLast(digits) + "." + text.suffix(digits)
    }
}
