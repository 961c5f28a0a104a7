/// A setting that is out of bounds.
package struct SettingsError: Error, Hashable, Sendable {
    /// Which setting, by its name in the protocol.
    package enum Field: String, Hashable, Sendable, CaseIterable {
        case title, system, model, temperature, tools
        case maxTokens = "max_tokens"
        case policy = "context.policy"
        case turns = "context.turns"
        case budgetTokens = "context.budget_tokens"
        case minimumTurns = "context.min_turns"
        case recall = "context.recall"
        case clearToolResultsAfter = "context.clear_tool_results_after"
    }

    package enum Limit: Hashable, Sendable {
        /// Unicode scalars.
        case scalars(ClosedRange<Int>)
        /// Bytes of UTF-8, at most.
        case bytes(Int)
        /// An integer of this range.
        case integers(ClosedRange<Int>)
        /// A number of this range.
        case numbers(ClosedRange<Double>)
        /// Entries of a list, at most.
        case entries(Int)
        /// A name of 1 to 64 characters of `A-Z a-z 0-9 _ -`.
        case name
        /// No entry twice.
        case unique
        /// No control characters.
        case printable
    }

    package var field: Field
    package var limit: Limit

    package init(field: Field, limit: Limit) {
        self.field = field
        self.limit = limit
    }
}

extension SettingsError: CustomStringConvertible {
    /// One sentence that names the field and the limit.
    package var description: String {
        let field = self.field.rawValue
        return switch self.limit {
        case .scalars(let range) where range.lowerBound > 0:
            "\(field) must have \(range.lowerBound) to \(range.upperBound) Unicode scalars."
        case .scalars(let range): "\(field) must have at most \(range.upperBound) Unicode scalars."
        case .bytes(let most): "\(field) must have at most \(most) bytes of UTF-8."
        case .integers(let range): "\(field) must be an integer from \(range.lowerBound) to \(range.upperBound)."
        case .numbers(let range): "\(field) must be a number from \(range.lowerBound) to \(range.upperBound)."
        case .entries(let most): "\(field) must have at most \(most) entries."
        case .name: "\(field) must be 1 to \(Identifier.maximumLength) characters of A-Z a-z 0-9 _ - (each, in a list)."
        case .unique: "\(field) must not name anything twice."
        case .printable: "\(field) must not contain control characters."
        }
    }
}
