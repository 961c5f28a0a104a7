import Foundation
import SQLiteStorage
import Testing

@Suite struct DataFolderTests {
    @Test func `a missing folder is made for its owner alone, and those above it`() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.path + "/a/b"
            let data = try DataFolder(path: path)
            for path in [folder.path, folder.path + "/a", path] { #expect(try mode(of: path) == 0o700) }
            #expect(try mode(of: path + "/" + DataFolder.lockName) == 0o600)
            data.unlock()
        }
    }

    @Test func `a second server on the folder is told which process has it`() async throws {
        try await TemporaryFolder.with { folder in
            let first = try DataFolder(path: folder.path)
            let error = #expect(throws: DataFolderError.locked(path: folder.path, process: getpid())) {
                try DataFolder(path: folder.path)
            }
            #expect(error?.description.contains("(process \(getpid()))") == true)
            first.unlock()
            let second = try DataFolder(path: folder.path)
            second.unlock()
        }
    }

    @Test func `another process cannot take the folder`() async throws {
        try await TemporaryFolder.with { folder in
            let data = try DataFolder(path: folder.path)
            #expect(try flockStatus(folder) == 1)
            data.unlock()
            #expect(try flockStatus(folder) == 0)
        }
    }

    @Test func `a lock file that a dead process left is no lock`() async throws {
        try await TemporaryFolder.with { folder in
            try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
            try "1\n".write(toFile: folder.path + "/lock", atomically: false, encoding: .utf8)
            let data = try DataFolder(path: folder.path)
            data.unlock()
        }
    }

    @Test func `a file in the folder's place is refused`() async throws {
        try await TemporaryFolder.with { folder in
            try "".write(toFile: folder.path, atomically: false, encoding: .utf8)
            #expect(throws: DataFolderError.notAFolder(path: folder.path)) { try DataFolder(path: folder.path) }
            #expect(throws: DataFolderError.self) { try DataFolder(path: folder.path + "/data") }
        }
    }

    // The kernel's own folder, in which nobody can make a file, root neither.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/sys/kernel")))
    func `a folder that cannot be written is refused`() throws {
        let error = #expect(throws: DataFolderError.self) { try DataFolder(path: "/sys/kernel") }
        guard case .notWritable("/sys/kernel", _) = error else {
            Issue.record("not the error expected: \(String(describing: error))")
            return
        }
        #expect(throws: DataFolderError.self) { try DataFolder(path: "/sys/kernel/whinchat") }
    }

    private func mode(of path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    /// What flock(1) says to taking the lock.
    private func flockStatus(_ folder: TemporaryFolder) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
        process.arguments = ["--nonblock", folder.path + "/" + DataFolder.lockName, "true"]
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
