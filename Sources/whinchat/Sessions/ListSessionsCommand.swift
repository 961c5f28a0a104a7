import ArgumentParser
import Conversation
import JSON
import SQLiteStorage
import Sessions

/// `whinchat sessions list`
struct ListSessionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the sessions, those that were active last first.")

    /// Sessions read at once: 200, a few hundred KB.
    private static let pageSize = 200

    @OptionGroup var folder: DataFolderOptions

    @Flag(help: "A JSON array instead of a table.")
    var json = false

    func run() async throws {
        try await folder.run { folder in
            let archive = try SessionArchive(folder: folder)
            var sessions: [SessionSummary] = []
            while true {
                let page = try archive.summaries(before: sessions.last, limit: Self.pageSize)
                sessions += page
                if page.count < Self.pageSize { break }
            }
            try TerminalText.write(json ? Self.json(sessions).jsonText + "\n" : Self.table(sessions))
        }
    }

    static func json(_ sessions: [SessionSummary]) -> JSONValue {
        .array(sessions.map(\.json))
    }

    static func table(_ sessions: [SessionSummary]) -> String {
        guard !sessions.isEmpty else { return "There are no sessions.\n" }
        let width = max(2, sessions.map(\.id.count).max() ?? 0)
        func row(_ id: String, _ time: String, _ count: String, _ title: String) -> String {
            let padding = String(repeating: " ", count: max(0, width - id.count))
            let shift = String(repeating: " ", count: max(0, 8 - count.count))
            return "\(id)\(padding)  \(time)  \(shift)\(count)  \(title)\n"
        }
        return row("ID", "LAST ACTIVE         ", "MESSAGES", "TITLE")
            + sessions.map { session in
                let title = session.title.isEmpty ? session.firstWords : session.title
                // Seconds are enough for a person.
                let time = Timestamp.text(session.lastActiveAt).prefix(19) + "Z"
                return row(
                    session.id, String(time), "\(session.messageCount)",
                    TerminalText.line(title, scalars: SessionSummary.firstWordsScalars))
            }.joined()
    }
}
