/// What a message means, as an embedding model has it.
package struct MessageVector: Hashable, Sendable {
    /// The message's id.
    package var message: String
    package var values: [Float]

    package init(message: String, values: [Float]) {
        self.message = message
        self.values = values
    }
}
