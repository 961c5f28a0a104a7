import ArgumentParser
import Foundation
import UnixSignals

/// `whinchat chat`
struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat",
        abstract: "Chat in the terminal with a server.",
        discussion: """
            Each line is a message; the reply shows as it comes. Ctrl-C stops a reply, once more leaves. \
            \(TerminalChat.help). A tool that wants your word is shown and asked about. Where the input is not a terminal, \
            its lines are sent one after the other, or are the word on a tool (y allows it), only the replies go to \
            standard output, and the exit code is 1 if one of them failed.
            """)

    @Argument(help: ArgumentHelp("Address of the server (default: http://127.0.0.1:8080).", valueName: "url"))
    var url: String = "http://127.0.0.1:8080"

    func validate() throws {
        guard ChatAddress(url) != nil else {
            throw ValidationError(
                "url is \"\(url)\"; it must be an address such as http://127.0.0.1:8080, without TLS.")
        }
    }

    func run() async throws {
        guard let address = ChatAddress(url) else { throw ExitCode(64) }
        let isInteractive = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
        let (inputs, continuation) = AsyncStream<TerminalChat.Input>.makeStream()
        let receive: @Sendable (TerminalChat.Input) -> Void = { continuation.yield($0) }
        let socket: ChatSocket
        do {
            socket = try await ChatSocket.connect(to: address, receive: receive)
        } catch {
            StandardStreams.writeError("Error: \(error)\n")
            throw ExitCode(1)
        }
        let signals = Task {
            for await _ in await UnixSignalsSequence(trapping: .sigint) { receive(.interrupt) }
        }
        defer { signals.cancel() }
        let lines = InputLines(receive: receive)
        let idPrefix = String(UInt64.random(in: .min ... .max), radix: 36)
        var chat = TerminalChat(isInteractive: isInteractive, idPrefix: idPrefix)
        for await input in inputs {
            for action in chat.received(input) {
                switch action {
                case .send(let frame): socket.send(frame)
                case .write(let text): StandardStreams.write(text)
                case .note(let line):
                    _ = isInteractive ? StandardStreams.write(line + "\n") : StandardStreams.writeError(line + "\n")
                case .readLine:
                    if isInteractive { StandardStreams.write("> ") }
                    lines.ask()
                case .prompt:
                    if isInteractive { StandardStreams.write("> ") }
                case .ask(let question, let readsLine):
                    if isInteractive { StandardStreams.write(question) }
                    if readsLine { lines.ask() }
                case .leave(let code):
                    await socket.close()
                    throw ExitCode(code)
                }
            }
        }
    }
}
