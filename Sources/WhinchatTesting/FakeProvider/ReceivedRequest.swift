package import NIOCore

/// A whole request as the fake provider got it.
package struct ReceivedRequest: Sendable {
    package let connectionID: Int
    package let method: String
    /// With its query, as it was sent.
    package let path: String
    /// Names in lower case.
    package let headers: [(name: String, value: String)]
    package let body: ByteBuffer
    package let moment: Moment

    /// The first value of a header. `name` in lower case.
    package subscript(name: String) -> String? {
        headers.first { $0.name == name }?.value
    }
}
