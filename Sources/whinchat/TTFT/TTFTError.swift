/// Why nothing could be measured.
enum TTFTError: Error, Equatable, CustomStringConvertible {
    /// The server refused.
    case refused(String)
    /// A reply ended in another way than by itself.
    case failed(status: String)
    /// The connection ended before the reply did.
    case ended(String)

    var description: String {
        switch self {
        case .refused(let detail): "The server refused: \(TerminalChat.printable(detail))"
        case .failed(let status): "A reply did not complete; its status is \(TerminalChat.printable(status))."
        case .ended(let reason): "The connection ended before the reply did: \(TerminalChat.printable(reason))"
        }
    }
}
