import COpenSSL
package import Foundation

/// The secret that signs identity cookies, kept in the data folder so that browsers stay who they are over restarts.
package struct IdentityKey: Sendable {
    /// As long as the output of SHA-256: a shorter HMAC key is weaker, a longer one no stronger (RFC 2104 §3).
    package static let byteCount = 32

    /// The key file's name in the data folder.
    package static let fileName = "identity.key"

    private let bytes: [UInt8]

    /// A new key of random bytes.
    /// - Throws: `IdentityKeyError.noRandomness`
    package init() throws(IdentityKeyError) {
        bytes = try Self.random(Self.byteCount)
    }

    /// Reads the key of a data folder; makes folder (mode 0700) and key file (mode 0600) where they are missing.
    /// - Throws: `IdentityKeyError`
    package init(in folder: URL) throws(IdentityKeyError) {
        try Self.makeFolder(folder.path)
        let path = folder.appendingPathComponent(Self.fileName).path
        if let bytes = try Self.read(path) {
            self.bytes = bytes
            return
        }
        try Self.create(path)
        guard let bytes = try Self.read(path) else { throw .file(path: path, errno: ENOENT) }
        self.bytes = bytes
    }

    /// HMAC-SHA256 (RFC 2104) of a message under this key: 32 bytes.
    package func authenticationCode(for message: String) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: Self.byteCount)
        var length = UInt32(0)
        let message = Array(message.utf8)
        let made = HMAC(EVP_sha256(), bytes, Int32(bytes.count), message, message.count, &code, &length)
        // It fails only without memory or without SHA-256; going on would sign with zeros.
        precondition(made != nil && length == Self.byteCount, "HMAC-SHA256 is not available")
        return code
    }

    /// Random bytes from OpenSSL's generator, which the system seeds.
    package static func random(_ count: Int) throws(IdentityKeyError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard RAND_bytes(&bytes, Int32(count)) == 1 else { throw .noRandomness }
        return bytes
    }

    /// Makes a folder and those above it that are missing, for its owner alone.
    private static func makeFolder(_ path: String) throws(IdentityKeyError) {
        if mkdir(path, 0o700) == 0 { return }
        var code = errno
        let parent = (path as NSString).deletingLastPathComponent
        if code == ENOENT, !parent.isEmpty, parent != path {
            try makeFolder(parent)
            if mkdir(path, 0o700) == 0 { return }
            code = errno
        }
        var isFolder: ObjCBool = false
        guard code == EEXIST, FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .folder(path: path, errno: code)
        }
        guard isFolder.boolValue else { throw .folder(path: path, errno: ENOTDIR) }
    }

    /// The key in a file, nil where there is no file.
    private static func read(_ path: String) throws(IdentityKeyError) -> [UInt8]? {
        // Of the link itself, where it is one.
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            if access(path, F_OK) != 0, errno == ENOENT { return nil }
            throw .file(path: path, errno: EACCES)
        }
        guard attributes[.type] as? FileAttributeType == .typeRegular else { throw .notAFile(path: path) }
        let mode = (attributes[.posixPermissions] as? NSNumber)?.uint32Value ?? 0o777
        guard mode & 0o077 == 0 else { throw .openToOthers(path: path, mode: mode) }
        let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
        guard size == byteCount else { throw .wrongLength(path: path, bytes: size) }
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { throw .file(path: path, errno: errno) }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: byteCount)
        let count = Foundation.read(file, &bytes, byteCount)
        guard count >= 0 else { throw .file(path: path, errno: errno) }
        guard count == byteCount else { throw .wrongLength(path: path, bytes: count) }
        return bytes
    }

    /// Writes a new key beside the place and links it there: another process sees a whole key or none, and where two
    /// start at once the first one's key counts for both.
    private static func create(_ path: String) throws(IdentityKeyError) {
        let suffix = try random(8).hexadecimal
        let draft = "\(path).\(suffix)"
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .file(path: draft, errno: errno) }
        defer {
            close(file)
            unlink(draft)
        }
        let bytes = try random(byteCount)
        guard write(file, bytes, byteCount) == byteCount, fsync(file) == 0 else {
            throw .file(path: draft, errno: errno)
        }
        guard link(draft, path) == 0 || errno == EEXIST else { throw .file(path: path, errno: errno) }
    }
}

/// Not shown where it is printed, alone or as a part of something: libraries log whatever they are given.
extension IdentityKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "IdentityKey" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Collection where Element == UInt8 {
    /// Two lowercase digits for each byte.
    package var hexadecimal: String {
        var text = ""
        text.reserveCapacity(count * 2)
        for byte in self {
            text.append(byte < 16 ? "0" : "")
            text.append(String(byte, radix: 16))
        }
        return text
    }
}
