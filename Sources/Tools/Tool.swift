package import Conversation
package import JSON

/// Something that a model may have run on the server.
package protocol Tool: Sendable {
    /// 1 to 64 characters of `A-Z a-z 0-9 _ -`, as the providers want it.
    var name: String { get }
    /// What it does and when to use it, for the model.
    var description: String { get }
    /// A JSON Schema of type `object`. The input is checked against it before `run` sees it.
    var inputSchema: JSONValue { get }

    /// Whether a person has to allow each call.
    var needsApproval: Bool { get }

    /// Does the work and says the result to the model. Runs off the event loops; ought to end when its task is cancelled.
    ///
    /// - Throws: `ToolFailure` for what the model should read; of any other error it learns only that the tool failed.
    func run(_ input: JSONValue) async throws -> String
}

extension Tool {
    package var needsApproval: Bool { false }

    package var toolDescription: ToolDescription {
        ToolDescription(name: self.name, description: self.description, inputSchema: self.inputSchema)
    }
}
