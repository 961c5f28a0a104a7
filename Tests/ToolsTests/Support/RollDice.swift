import JSON
import Tools

// The tool of Examples/RollDice.
struct RollDice: Tool {
    let name = "roll_dice"
    let description = "Rolls a die. Use it whenever chance is to decide."
    let inputSchema: JSONValue = [
        "type": "object",
        "properties": ["sides": ["type": "integer", "minimum": 2, "maximum": 1000]],
        "required": ["sides"],
        "additionalProperties": false,
    ]

    func run(_ input: JSONValue) async throws -> String {
        guard let sides = input["sides"]?.intValue else { throw ToolFailure("sides is missing.") }
        return "\(Int.random(in: 1...sides))"
    }
}
