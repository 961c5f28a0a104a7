import Foundation

/// Why a command on sessions did not do what it was asked.
enum SessionsCommandError: Error, Equatable, CustomStringConvertible {
    /// No session has these ids.
    case unknown([String])

    /// The file for an export cannot be written.
    case output(path: String, errno: Int32)

    /// A deletion failed; those before it are done.
    case notDeleted(id: String, reason: String)

    var description: String {
        switch self {
        case .unknown(let ids) where ids.count == 1:
            "There is no session \(ids[0]). `whinchat sessions list` shows those that there are."
        case .unknown(let ids):
            "There are no sessions \(ids.joined(separator: ", ")). `whinchat sessions list` shows those that there are."
        case .output(let path, let errno):
            "\(path) cannot be written: \(String(cString: strerror(errno)))."
        case .notDeleted(let id, let reason):
            "The session \(id) could not be deleted: \(reason)."
        }
    }

    /// As in sysexits.h: 66 no input, 73 no output, 74 input and output.
    var exitCode: Int32 {
        switch self {
        case .unknown: 66
        case .output: 73
        case .notDeleted: 74
        }
    }
}
