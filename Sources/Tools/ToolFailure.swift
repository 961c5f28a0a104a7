/// Why a tool gave no result, in words that a model can act on.
package struct ToolFailure: Error, Hashable, Sendable {
    package var message: String

    package init(_ message: String) {
        self.message = message
    }
}
