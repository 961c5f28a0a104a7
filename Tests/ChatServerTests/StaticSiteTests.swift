import ChatServer
import Foundation
import NIOCore
import Testing
import WebClient

@Suite struct StaticSiteTests {
    @Test func `a folder's files answer under their paths, hidden ones do not`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("whinchat-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("a/b"), withIntermediateDirectories: true)
        for name in ["index.html", "a/b/c.css", ".secret", "plain"] {
            try Data(name.utf8).write(to: folder.appendingPathComponent(name))
        }
        let site = try StaticSite(folder: folder)
        #expect(Set(site.files.keys) == ["/", "/index.html", "/a/b/c.css", "/plain"])
        #expect(site.files["/"] == site.files["/index.html"])
        #expect(site.files["/a/b/c.css"]?.contentType == "text/css; charset=utf-8")
        #expect(site.files["/plain"]?.contentType == "application/octet-stream")
        #expect(site.isPage("/") && !site.isPage("/plain"))
    }

    @Test func `the entity tag follows the contents`() {
        let one = StaticFile(contents: ByteBuffer(string: "1"), name: "a.js")
        let same = StaticFile(contents: ByteBuffer(string: "1"), name: "b.js")
        let other = StaticFile(contents: ByteBuffer(string: "2"), name: "a.js")
        #expect(one.entityTag == same.entityTag && one.entityTag != other.entityTag)
    }

    @Test func `the web client's own files are all there`() throws {
        let site = try StaticSite(folder: WebClient.folder)
        #expect(site.files["/"] != nil && site.files["/js/app.js"] != nil && site.files["/css/app.css"] != nil)
    }
}
