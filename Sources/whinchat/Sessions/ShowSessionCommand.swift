import ArgumentParser
import SQLiteStorage
import Sessions

/// `whinchat sessions show`
struct ShowSessionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show what was said in a session.")

    @Argument(help: "The session's id.")
    var id: String

    @Flag(help: "Every branch, and not only the one that is shown and continued.")
    var all = false

    @OptionGroup var folder: DataFolderOptions

    func run() async throws {
        try await folder.run { folder in
            guard let session = try SessionArchive(folder: folder).session(id) else {
                throw SessionsCommandError.unknown([id])
            }
            // Escaped also where it is no terminal: what is read with a pager ends up on one.
            let text = SessionListing(transcript: SessionTranscript(session), showsAll: all).text
            try TerminalText.write(TerminalText.escaped(text))
        }
    }
}
