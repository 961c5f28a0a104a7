import ChatProtocol
import Conversation
import JSON

/// What `POST /chat` and `POST /chat/stream/{session_id}` ask for: something said, in a session that is there or a new one.
struct ChatRequest {
    let open: ClientCommand.Open
    /// The client's own id, by which the same request again has no second effect; nil: it gave none.
    let openRef: String?
    let send: ClientFrame

    /// - Parameter session: nil: a new one.
    init(_ body: [String: JSONValue], session: String?) throws(CommandError) {
        let body = body.filter { !$0.value.isNull }
        let settings = body.filter { Self.settings.contains($0.key) }
        var open: [String: JSONValue] = ["type": "open"]
        var send: [String: JSONValue] = ["type": "send", "id": body["id"] ?? .string(ChatCall.newRef())]
        send["text"] = body["message"]
        send["on_busy"] = body["on_busy"]
        if let session {
            if let name = settings.keys.filter({ !Self.options.contains($0) }).min() {
                throw CommandError(
                    .badField,
                    "\"\(name)\" is of a new session only; change this one's with PATCH /sessions/{session_id}.",
                    field: name)
            }
            open["session"] = .string(session)
            open["history"] = 0
            send["options"] = .object(settings)
        } else {
            open["id"] = body["id"]
            open["create"] = .object(settings)
        }
        do throws(CommandError) {
            self.send = try ClientFrame(of: send)
            let frame = try ClientFrame(of: open)
            guard case .open(let open) = frame.command else {
                throw CommandError(.internal, "An \"open\" was read as something else.")
            }
            self.open = open
            openRef = frame.id
        } catch {
            throw Self.inWordsOfBody(error)
        }
    }

    /// What a new session can be given.
    private static let settings: Set<String> = [
        "title", "system", "model", "temperature", "max_tokens", "tools", "context",
    ]
    /// What counts for one turn.
    private static let options: Set<String> = ["model", "temperature", "max_tokens"]

    /// An error with the names that the body has for the frames' fields.
    static func inWordsOfBody(_ error: CommandError) -> CommandError {
        var error = error
        (error.message, error.field) = inWordsOfBody(error.message, error.field)
        return error
    }

    static func inWordsOfBody(_ problem: Problem) -> Problem {
        var problem = problem
        (problem.detail, problem.field) = inWordsOfBody(problem.detail, problem.field)
        return problem
    }

    private static func inWordsOfBody(_ text: String, _ field: String?) -> (String, String?) {
        var (text, field) = (text, field)
        for (inner, outer) in [("\"text\"", "\"message\""), ("\"create.", "\""), ("\"options.", "\"")] {
            text = text.replacing(inner, with: outer)
        }
        if field == "text" { field = "message" }
        for prefix in ["create.", "options."] where field?.hasPrefix(prefix) == true {
            field?.removeFirst(prefix.count)
        }
        return (text, field)
    }
}
