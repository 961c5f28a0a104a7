import ArgumentParser

/// `whinchat`
struct WhinchatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whinchat",
        abstract: "A chat server for language models, and a client for the terminal.",
        subcommands: [ServeCommand.self, ChatCommand.self, SessionsCommand.self, TTFTCommand.self])
}
