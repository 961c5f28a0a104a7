package import Foundation
import NIOCore

/// The web client's files in memory, by the path that asks for them. A path that is not a key gets nothing: there is no
/// way from a request to the file system.
package struct StaticSite: Sendable {
    package let files: [String: StaticFile]

    package init(files: [String: StaticFile]) {
        self.files = files
    }

    /// Reads all files of a folder, those in its folders too. `index.html` also answers for `/`.
    /// - Throws: what Foundation throws where a file cannot be read
    package init(folder: URL) throws {
        var files: [String: StaticFile] = [:]
        let root = folder.standardizedFileURL.resolvingSymlinksInPath().pathComponents
        let keys: Set<URLResourceKey> = [.isRegularFileKey]
        let found = FileManager.default.enumerator(
            at: folder, includingPropertiesForKeys: Array(keys), options: [.skipsHiddenFiles])
        for case let file as URL in found ?? .init() where try file.resourceValues(forKeys: keys).isRegularFile == true
        {
            let path = file.standardizedFileURL.resolvingSymlinksInPath().pathComponents.dropFirst(root.count)
            let contents = ByteBuffer(bytes: try Data(contentsOf: file))
            files["/" + path.joined(separator: "/")] = StaticFile(contents: contents, name: file.lastPathComponent)
        }
        files["/"] = files["/index.html"]
        self.files = files
    }

    /// Whether a path is a page, whose load gives a browser its identity.
    package func isPage(_ path: String) -> Bool {
        files[path]?.contentType.hasPrefix("text/html") ?? false
    }
}
