/// Why the terminal client has no connection.
enum ChatSocketError: Error, Equatable, CustomStringConvertible {
    /// Nobody listens there, or the name is unknown.
    case unreachable(ChatAddress)

    /// The server refused the upgrade.
    case refused(status: Int, detail: String)

    /// What answered speaks no WebSocket.
    case notAWebSocket(String)

    /// The server closed, or said nothing, instead of answering.
    case noAnswer

    var description: String {
        switch self {
        case .unreachable(let address):
            "There is no server at \(address). Start one with: whinchat serve"
        case .refused(let status, let detail):
            "The server refused (\(status)): \(TerminalChat.printable(detail))"
        case .notAWebSocket(let reason):
            "What answers there is no chat server: \(reason)"
        case .noAnswer:
            "The server did not answer."
        }
    }
}
