/// Why a tool gave no result, in words that a model can act on.
public struct ToolFailure: Error, Hashable, Sendable {
    public var message: String

    public init(_ message: String) {
        self.message = message
    }
}
