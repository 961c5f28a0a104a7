package import Conversation
public import JSON

/// Something that a model may have run on the server.
///
///     struct RollDice: Tool {
///         let name = "roll_dice"
///         let description = "Rolls a die. Use it whenever chance is to decide."
///         let inputSchema: JSONValue = [
///             "type": "object",
///             "properties": ["sides": ["type": "integer", "minimum": 2, "maximum": 1000]],
///             "required": ["sides"],
///             "additionalProperties": false,
///         ]
///
///         func run(_ input: JSONValue) async throws -> String {
///             guard let sides = input["sides"]?.intValue else { throw ToolFailure("sides is missing.") }
///             return "\(Int.random(in: 1...sides))"
///         }
///     }
///
/// The server sees to the rest: the input is checked against the schema before `run` sees it, the work has a time limit and
/// its output a length, calls of one round run side by side, and a failure is a result that the model reads.
public protocol Tool: Sendable {
    /// 1 to 64 characters of `A-Z a-z 0-9 _ -`, as the providers want it.
    var name: String { get }
    /// What it does and when to use it, for the model.
    var description: String { get }
    /// A JSON Schema of type `object`. `JSONSchemaValidator` says which part of JSON Schema counts.
    var inputSchema: JSONValue { get }
    /// Whether a person must allow each call before it runs: true for what cannot be undone or reaches other people.
    var needsApproval: Bool { get }

    /// Does the work and says the result to the model. Runs off the event loops; ought to end when its task is cancelled.
    ///
    /// - Throws: `ToolFailure` for what the model should read; of any other error it learns only that the tool failed.
    func run(_ input: JSONValue) async throws -> String
}

extension Tool {
    public var needsApproval: Bool { false }

    package var toolDescription: ToolDescription {
        ToolDescription(name: self.name, description: self.description, inputSchema: self.inputSchema)
    }
}
