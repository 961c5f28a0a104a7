/// Why an expression has no value, and where.
struct ExpressionError: Error, Hashable {
    var problem: ExpressionProblem
    /// The scalar's number in the expression, from 1.
    var position: Int
}

extension ExpressionError: CustomStringConvertible {
    /// What a model is told.
    var description: String {
        switch self.problem {
        case .tooLong, .empty: self.problem.description
        default: "At character \(self.position): \(self.problem)"
        }
    }
}
