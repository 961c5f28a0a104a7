package import JSON

/// What a model is told of a tool.
package struct ToolDescription: Hashable, Sendable {
    package var name: String
    package var description: String
    /// A JSON Schema of type `object`.
    package var inputSchema: JSONValue

    package init(name: String, description: String, inputSchema: JSONValue) {
        self.name = name
        self.description = description
        self.inputSchema = inputSchema
    }
}
