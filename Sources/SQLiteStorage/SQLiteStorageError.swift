import GRDB

/// Why a database cannot be opened.
package enum SQLiteStorageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is none: nothing was ever kept there.
    case missing(path: String)

    /// The file is no database, or what is in it contradicts itself.
    case damaged(path: String, reason: String)

    /// A newer version of the program has changed the tables.
    case newerVersion(path: String)

    /// An older version wrote it, and nobody has brought it up to this one.
    case olderVersion(path: String)

    /// The file cannot be read or written: its rights, a full disk, a disk that fails.
    case inaccessible(path: String, reason: String)

    /// The system does not do what durability needs.
    case notDurable(path: String)

    package var description: String {
        switch self {
        case .missing(let path):
            "There are no sessions: \(path) does not exist."
        case .damaged(let path, let reason):
            "The database \(path) is damaged (\(reason)). Put a backup in its place; or move it away together with "
                + "\(path)-wal to start without it, and let `sqlite3 FILE .recover` save what can be read."
        case .newerVersion(let path):
            "The database \(path) was written by a newer version of Whinchat. Run that version, or take another folder."
        case .olderVersion(let path):
            "The database \(path) was written by an older version of Whinchat. Start this version's server on it once."
        case .inaccessible(let path, let reason):
            "The database \(path) cannot be used: \(reason)."
        case .notDurable(let path):
            "The database \(path) cannot be set to write through to the disk (synchronous = FULL)."
        }
    }

    init(_ error: any Error, path: String) {
        if let error = error as? StoredFormError {
            self = .damaged(path: path, reason: "a \(error.what) cannot be read")
            return
        }
        guard let error = error as? DatabaseError else {
            self = .inaccessible(path: path, reason: "\(error)")
            return
        }
        let reason = error.message ?? "SQLite says \(error.resultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .damaged(path: path, reason: reason)
        default: self = .inaccessible(path: path, reason: reason)
        }
    }
}
