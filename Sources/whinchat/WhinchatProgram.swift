import ArgumentParser
public import Tools

/// The program `whinchat`: its command line is that of every application that embeds it.
///
///     import Whinchat
///
///     @main
///     struct MyChat {
///         static func main() async { await WhinchatProgram.main(tools: [RollDice()]) }
///     }
public enum WhinchatProgram {
    /// Runs what the command line says, and ends the process where that cannot be done.
    ///
    /// - Parameters:
    ///   - tools: what `serve` lets models call beside the tools that `--tools` picks; names of their own.
    ///   - arguments: without the program's name; nil: the process's.
    public static func main(tools: [any Tool] = [], arguments: [String]? = nil) async {
        do {
            switch try WhinchatCommand.parseAsRoot(arguments) {
            case let serve as ServeCommand: try await serve.run(ownTools: tools)
            case var command as any AsyncParsableCommand: try await command.run()
            case var command: try command.run()
            }
        } catch {
            WhinchatCommand.exit(withError: error)
        }
    }
}
