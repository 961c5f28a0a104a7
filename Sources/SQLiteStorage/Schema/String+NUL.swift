import Sessions

extension String {
    /// The text as SQLite can hold it in a column of its own, where text ends at a NUL.
    var withoutNUL: String { utf8.contains(0) ? replacing("\0", with: "\u{FFFD}") : self }

    /// An id or a name, which a cut would make another's.
    var checked: String {
        get throws(SessionStoreError) {
            guard !utf8.contains(0) else { throw .inconsistent("An id has a NUL.") }
            return self
        }
    }
}
