import Conversation
import JSON
import Tools

/// The tools of a turn: the server's, and those of the connection that wanted it.
struct TurnTools: Sendable {
    enum Route: Equatable {
        case server
        case client
        /// A person is asked first.
        case approval
        /// Nothing runs: what the model is told.
        case wrong(String)
    }

    var server = ToolRegistry()
    var client: [ToolDescription] = []

    /// What the model is told of them.
    var descriptions: [ToolDescription] { server.descriptions + client }

    /// Whether a call may wait for somebody outside of the server.
    var canWait: Bool { !client.isEmpty || server.tools.contains { $0.needsApproval } }

    func route(_ call: ToolCall) -> Route {
        guard let input = call.input else {
            return .wrong("The input of this call is not valid JSON. Call again with valid JSON.")
        }
        let tool = server[call.name]
        let description = client.first { $0.name == call.name }
        guard tool?.needsApproval == true || description != nil else { return .server }
        // Nobody is asked about what could not run.
        let schema = description?.inputSchema ?? tool?.inputSchema ?? .object([:])
        let failures = JSONSchemaValidator(schema: schema, checksPatterns: description == nil).failures(in: input)
        guard failures.isEmpty else {
            let list = failures.map { "- \($0)" }.joined(separator: "\n")
            return .wrong("The input of \(call.name) is not valid; nothing was run:\n\(list)")
        }
        return description == nil ? .approval : .client
    }
}
