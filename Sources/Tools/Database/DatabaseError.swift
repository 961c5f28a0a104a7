/// SQLite could not do what the server itself asked of it.
package struct DatabaseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// SQLite's result code.
    package var code: Int32
    package var message: String

    package var description: String { "SQLite: \(message) (\(code))" }
}
