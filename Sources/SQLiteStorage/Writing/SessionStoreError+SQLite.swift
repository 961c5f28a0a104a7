import GRDB
package import Sessions

extension SessionStoreError {
    /// What a failed access says to the session. SQLite's own words name tables and columns, never what is in them.
    package init(_ error: any Error) {
        switch error {
        case let error as SessionStoreError: self = error
        case let error as StoredFormError:
            self = .unavailable("The database is damaged: a \(error.what) cannot be read.")
        case let error as DatabaseError:
            let text = "\(error.message ?? "SQLite failed") (SQLite's code \(error.extendedResultCode.rawValue))"
            switch error.resultCode {
            case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_TOOBIG, .SQLITE_RANGE: self = .inconsistent(text)
            default: self = .unavailable(text)
            }
        default: self = .unavailable("\(error)")
        }
    }
}
