import Foundation

/// Why a data folder cannot be used.
package enum DataFolderError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The folder, or one above it, cannot be made.
    case cannotCreate(path: String, errno: Int32)

    /// There is something else at the folder's place.
    case notAFolder(path: String)

    /// Nothing can be written in it.
    case notWritable(path: String, errno: Int32)

    /// Another process works with the folder; nil: its id is not known.
    case locked(path: String, process: Int32?)

    package var description: String {
        switch self {
        case .cannotCreate(let path, let errno):
            "The data folder \(path) cannot be made: \(String(cString: strerror(errno)))."
        case .notAFolder(let path):
            "\(path) is not a folder, so no data can be kept in it."
        case .notWritable(let path, let errno):
            "The data folder \(path) cannot be written: \(String(cString: strerror(errno)))."
        case .locked(let path, let process):
            "The data folder \(path) is in use by another server\(process.map { " (process \($0))" } ?? ""). "
                + "Stop that one first, or take another folder with --data."
        }
    }
}
