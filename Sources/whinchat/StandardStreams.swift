import Foundation

/// Writing to standard output and standard error at once, without a buffer that a reader would have to wait for.
enum StandardStreams {
    /// - Returns: whether all of it was taken.
    @discardableResult
    static func write(_ text: String) -> Bool {
        write(text, to: STDOUT_FILENO)
    }

    @discardableResult
    static func writeError(_ text: String) -> Bool {
        write(text, to: STDERR_FILENO)
    }

    private static func write(_ text: String, to file: Int32) -> Bool {
        var bytes = ArraySlice(text.utf8)
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { return false }
            bytes = bytes.dropFirst(max(count, 0))
        }
        return true
    }
}
