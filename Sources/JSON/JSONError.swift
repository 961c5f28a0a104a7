/// Why a text is not JSON that we take.
package struct JSONError: Error, Hashable, Sendable {
    /// What is wrong, for a person.
    package var reason: String
    /// The byte at which it was found, from 0.
    package var offset: Int

    package init(reason: String, offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}
