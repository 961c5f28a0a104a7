/// Whom a session belongs to: a session is its owner's alone.
package struct Owner: Hashable, Sendable {
    /// `anonymous:…`, `local`, …: stable, and never shown to anybody.
    package var key: String

    package init(key: String) { self.key = key }
}
