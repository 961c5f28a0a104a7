import ArgumentParser
import Foundation
import JSON
import SQLiteStorage
import Sessions

/// `whinchat sessions export`
struct ExportSessionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a session as JSON or as Markdown.")

    enum Format: String, CaseIterable, ExpressibleByArgument {
        /// All of it, every branch.
        case json
        /// The branch that is shown.
        case markdown
    }

    @Argument(help: "The session's id.")
    var id: String

    @Option(help: "json: the whole session, every branch; markdown: the branch that is shown.")
    var format: Format = .json

    @Option(
        help: ArgumentHelp("File to write, for its owner alone (default: standard output).", valueName: "file"))
    var output: String?

    @OptionGroup var folder: DataFolderOptions

    func run() async throws {
        try await folder.run { folder in
            guard let session = try SessionArchive(folder: folder).session(id) else {
                throw SessionsCommandError.unknown([id])
            }
            let text = Self.text(SessionTranscript(session), as: format)
            guard let output else { return try TerminalText.write(text) }
            try Self.write(text, to: output)
        }
    }

    static func text(_ transcript: SessionTranscript, as format: Format) -> String {
        switch format {
        case .json: transcript.json.jsonText + "\n"
        case .markdown: transcript.markdown
        }
    }

    private static func write(_ text: String, to path: String) throws(SessionsCommandError) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .output(path: path, errno: errno) }
        defer { close(file) }
        var bytes = ArraySlice(text.utf8)
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { throw .output(path: path, errno: errno) }
            bytes = bytes.dropFirst(max(count, 0))
        }
    }
}
