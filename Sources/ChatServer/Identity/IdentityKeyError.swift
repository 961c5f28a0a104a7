import Foundation

/// Why the key that signs cookies cannot be used. A start with any of these ends: a new key in place of an unusable one
/// would take everybody's sessions away.
package enum IdentityKeyError: Error, Equatable, CustomStringConvertible {
    /// The data folder cannot be made or opened.
    case folder(path: String, errno: Int32)

    /// The key file cannot be read or written.
    case file(path: String, errno: Int32)

    /// There is something else at the key file's place: a folder, a link, a device.
    case notAFile(path: String)

    /// The file does not hold exactly 32 bytes.
    case wrongLength(path: String, bytes: Int)

    /// Others than its owner may read or write the file: whoever can read it can be anybody.
    case openToOthers(path: String, mode: UInt32)

    /// The system gave no random bytes.
    case noRandomness

    package var description: String {
        switch self {
        case .folder(let path, let errno):
            "The data folder \(path) cannot be used: \(String(cString: strerror(errno)))."
        case .file(let path, let errno):
            "The key file \(path) cannot be used: \(String(cString: strerror(errno)))."
        case .notAFile(let path):
            "The key file \(path) is not a regular file."
        case .wrongLength(let path, let bytes):
            "The key file \(path) has \(bytes) bytes, not \(IdentityKey.byteCount). Restore it, or remove it: browsers then lose their sessions."
        case .openToOthers(let path, let mode):
            "The key file \(path) is open to others than its owner (mode 0\(String(mode, radix: 8))). Run: chmod 600 \(path)"
        case .noRandomness:
            "The system gave no random bytes for a key."
        }
    }
}
