import ChatServer
import Logging
import ServiceLifecycle
import WebSocket

/// What stands behind the chat's WebSocket: the sessions, and the model that they ask.
struct ChatBackend {
    /// Serves a connection.
    let makeConnection: ChatConnectionMaker

    /// Which model answers and why that one, for people.
    let model: String

    /// What has to run beside the server, in the order of their start.
    let services: [any Service]

    static func make(_ settings: ServeSettings, logger: Logger) async throws -> ChatBackend {
        ChatBackend(
            makeConnection: { _, _ in ClosingConnection(.internalError, reason: "not built") },
            model: "Model: none, chats are not built yet", services: [])
    }
}
