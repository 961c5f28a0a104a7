/// One place in a value that its schema does not allow.
package struct JSONSchemaFailure: Hashable, Sendable {
    /// Where: `input`, `input.items[2].name`, `input["two words"]`.
    package var path: String
    /// What is wrong there, as the end of a sentence that begins with the path.
    package var reason: String

    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }
}

extension JSONSchemaFailure: CustomStringConvertible {
    /// A sentence that a model can act on.
    package var description: String { "\(self.path) \(self.reason)." }
}
