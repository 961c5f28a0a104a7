import ChatServer
import Foundation
import Testing

@Suite struct IdentityKeyTests {
    /// A folder that is not there yet, two levels deep.
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let parent = FileManager.default.temporaryDirectory.appendingPathComponent("whinchat-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: parent) }
        try body(parent.appendingPathComponent("data"))
    }

    private func mode(_ url: URL) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
        return try #require(attributes[.posixPermissions] as? NSNumber).intValue
    }

    @Test func `the first start makes folder and key for their owner alone`() throws {
        try withFolder { folder in
            _ = try IdentityKey(in: folder)
            #expect(try mode(folder) == 0o700)
            #expect(try mode(folder.appendingPathComponent("identity.key")) == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["identity.key"])
        }
    }

    @Test func `printed, alone or in something, it shows nothing of itself`() throws {
        let key = try IdentityKey()
        let cookie = IdentityCookie(key: key)
        var dumped = ""
        dump([key, cookie] as [Any], to: &dumped)
        for shown in ["\(key)", String(reflecting: key), "\(cookie)", String(reflecting: cookie), dumped] {
            #expect(shown.contains("IdentityKey") && !shown.contains("bytes"), "\(shown)")
        }
    }

    @Test func `the next start reads the same key`() throws {
        try withFolder { folder in
            let first = try IdentityKey(in: folder)
            let second = try IdentityKey(in: folder)
            #expect(first.authenticationCode(for: "a") == second.authenticationCode(for: "a"))
            #expect(first.authenticationCode(for: "a") != first.authenticationCode(for: "b"))
        }
    }

    @Test func `starts at the same time agree on one key`() async throws {
        let parent = FileManager.default.temporaryDirectory.appendingPathComponent("whinchat-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: parent) }
        let codes = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<16 {
                group.addTask { try IdentityKey(in: parent).authenticationCode(for: "x") }
            }
            return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
        }
        #expect(codes.count == 1)
    }

    @Test func `a key that others may read is refused`() throws {
        try withFolder { folder in
            _ = try IdentityKey(in: folder)
            let file = folder.appendingPathComponent("identity.key")
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file.path)
            #expect(throws: IdentityKeyError.openToOthers(path: file.path, mode: 0o640)) { try IdentityKey(in: folder) }
        }
    }

    @Test func `a key of another length is refused, not replaced`() throws {
        try withFolder { folder in
            _ = try IdentityKey(in: folder)
            let file = folder.appendingPathComponent("identity.key")
            try Data(repeating: 7, count: 31).write(to: file)
            #expect(throws: IdentityKeyError.wrongLength(path: file.path, bytes: 31)) { try IdentityKey(in: folder) }
            #expect(try Data(contentsOf: file).count == 31)
        }
    }

    @Test func `a link in the key's place is refused`() throws {
        try withFolder { folder in
            _ = try IdentityKey(in: folder)
            let file = folder.appendingPathComponent("identity.key")
            let elsewhere = folder.appendingPathComponent("elsewhere")
            try FileManager.default.moveItem(at: file, to: elsewhere)
            try FileManager.default.createSymbolicLink(at: file, withDestinationURL: elsewhere)
            #expect(throws: IdentityKeyError.notAFile(path: file.path)) { try IdentityKey(in: folder) }
        }
    }

    @Test func `a file in the folder's place is refused`() throws {
        try withFolder { folder in
            try FileManager.default.createDirectory(
                at: folder.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("x".utf8).write(to: folder)
            #expect(throws: IdentityKeyError.folder(path: folder.path, errno: ENOTDIR)) { try IdentityKey(in: folder) }
        }
    }

    @Test func `the code is HMAC-SHA256`() throws {
        // RFC 4231 has no key of 32 bytes; this one was computed with Python's hmac: key 32 times 0x0b, "Hi There".
        try withFolder { folder in
            _ = try IdentityKey(in: folder)
            let file = folder.appendingPathComponent("identity.key")
            try Data(repeating: 0x0b, count: 32).write(to: file)
            let code = try IdentityKey(in: folder).authenticationCode(for: "Hi There")
            #expect(code.hexadecimal == "198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7")
        }
    }
}
