/// What a tool call came to.
enum ToolCallOutcome: String, Sendable {
    case ok
    /// The tool said so, or failed, or took too long.
    case error
    /// A person did not allow it.
    case denied
    /// Nobody answered in time.
    case expired
    /// It was none that could run: no such tool, or no such input.
    case invalid
    /// The server stopped before it had a result.
    case lost
}
