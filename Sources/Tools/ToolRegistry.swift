package import Conversation

/// The tools that there are, ordered by name so that a provider's prompt cache sees the same bytes every time.
package struct ToolRegistry: Sendable {
    /// Why a set of tools cannot be registered.
    package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        case duplicateName(String)
        /// The name is not 1 to 64 characters of `A-Z a-z 0-9 _ -`.
        case invalidName(String)

        package var description: String {
            switch self {
            case .duplicateName(let name): "Two tools are named \(name)."
            case .invalidName(let name):
                "A tool is named \"\(name)\"; a name has 1 to 64 characters of A-Z a-z 0-9 _ -."
            }
        }
    }

    /// In the order of their names' bytes.
    package let tools: [any Tool]
    private let byName: [String: any Tool]

    /// A registry without tools.
    package init() {
        self.tools = []
        self.byName = [:]
    }

    /// - Throws: `duplicateName`, `invalidName`.
    package init(_ tools: [any Tool]) throws(Problem) {
        var byName: [String: any Tool] = [:]
        for tool in tools {
            guard Identifier.isValid(tool.name) else { throw .invalidName(tool.name) }
            guard byName.updateValue(tool, forKey: tool.name) == nil else { throw .duplicateName(tool.name) }
        }
        self.init(byName)
    }

    private init(_ byName: [String: any Tool]) {
        self.byName = byName
        self.tools = byName.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    package var names: [String] { self.tools.map(\.name) }
    package var descriptions: [ToolDescription] { self.tools.map(\.toolDescription) }
    package var isEmpty: Bool { self.tools.isEmpty }

    package subscript(name: String) -> (any Tool)? { self.byName[name] }

    /// The tools of those names; names that are unknown are left out. nil: all of them.
    package func subset(_ names: [String]?) -> ToolRegistry {
        guard let names else { return self }
        let wanted = Set(names)
        return ToolRegistry(self.byName.filter { wanted.contains($0.key) })
    }
}
