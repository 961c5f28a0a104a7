import Foundation
import NIOConcurrencyHelpers

/// The folder that a server keeps its data in, held for this process alone for as long as the value lives.
package final class DataFolder: Sendable {
    /// The file that is locked; it holds the id of the process that did, for people.
    package static let lockName = "lock"

    package let path: String

    /// The lock file; nil once it was given back.
    private let lock: NIOLockedValueBox<Int32?>

    /// Makes the folder where it is missing, with mode 0700 and so those above it, and locks it.
    /// - Throws: `DataFolderError`
    package init(path: String) throws(DataFolderError) {
        try Self.make(path)
        let file = open(path + "/" + Self.lockName, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .notWritable(path: path, errno: errno) }
        // The lock belongs to the open file: it ends with the process, however that ends.
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let holder = Self.processID(in: file)
            close(file)
            throw code == EWOULDBLOCK ? .locked(path: path, process: holder) : .notWritable(path: path, errno: code)
        }
        let text = "\(getpid())\n"
        guard ftruncate(file, 0) == 0, pwrite(file, text, text.utf8.count, 0) == text.utf8.count else {
            let code = errno
            close(file)
            throw .notWritable(path: path, errno: code)
        }
        self.path = path
        self.lock = NIOLockedValueBox(file)
    }

    deinit {
        unlock()
    }

    /// Gives the folder back; what is kept in it must not be used any more.
    package func unlock() {
        lock.withLockedValue { file in
            if let file {
                // Not by closing alone: a process that is just being started has a copy of the descriptor for a moment.
                flock(file, LOCK_UN)
                close(file)
            }
            file = nil
        }
    }

    private static func processID(in file: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(file, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes[..<count], as: UTF8.self).prefix { $0.isNumber })
    }

    private static func make(_ path: String) throws(DataFolderError) {
        if mkdir(path, 0o700) == 0 { return }
        var code = errno
        let parent = (path as NSString).deletingLastPathComponent
        if code == ENOENT, !parent.isEmpty, parent != path {
            try make(parent)
            if mkdir(path, 0o700) == 0 { return }
            code = errno
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .cannotCreate(path: path, errno: code)
        }
        guard isFolder.boolValue else { throw .notAFolder(path: path) }
    }
}
