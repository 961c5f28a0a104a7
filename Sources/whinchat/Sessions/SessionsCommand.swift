import ArgumentParser

/// `whinchat sessions`
struct SessionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions",
        abstract: "List, show, export and delete the sessions in a data folder.",
        discussion: """
            Listing, showing and exporting may be done while a server works with the folder; deleting only while none does.
            """,
        subcommands: [
            ListSessionsCommand.self, ShowSessionCommand.self, ExportSessionCommand.self, DeleteSessionsCommand.self,
        ])
}
