import Foundation

/// The folder that emails wait in, for its owner's eyes alone.
struct Outbox {
    let folder: URL

    /// Writes an email whole, under a name that nobody chose from outside.
    ///
    /// - Returns: the name of the file, with the folder's.
    func write(_ email: Email) throws(ToolFailure) -> String {
        let path = self.folder.path
        // Only the folder itself: where the one above is missing, something is wrong.
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw self.failure("cannot be made") }
        let count = (try? FileManager.default.contentsOfDirectory(atPath: path).count) ?? 0
        guard count < SendEmail.maximumOutbox else {
            throw ToolFailure("The outbox is full: \(count) emails wait in it. Somebody has to empty it first.")
        }
        let seconds = Int64(email.date.timeIntervalSince1970)
        let name = "\(seconds)-\(email.identifier).eml"
        let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw self.failure("cannot be written") }
        let isWritten = Self.writeAll(Array(email.text.utf8), to: descriptor) && fsync(descriptor) == 0
        guard close(descriptor) == 0, isWritten else {
            unlink("\(path)/\(name)")
            throw self.failure("cannot be written")
        }
        return "\(self.folder.lastPathComponent)/\(name)"
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Without the path, which is none of a model's business.
    private func failure(_ what: String) -> ToolFailure {
        ToolFailure("The outbox \(what) (\(String(cString: strerror(errno)))). The email was not written.")
    }
}
