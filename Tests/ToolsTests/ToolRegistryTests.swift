import Conversation
import JSON
import Testing
import Tools

@Suite struct ToolRegistryTests {
    private struct Named: Tool {
        var name: String
        var description: String { "Is called \(self.name)." }
        var inputSchema: JSONValue { ["type": "object"] }
        func run(_ input: JSONValue) async throws -> String { self.name }
    }

    private func registry(_ names: String...) throws -> ToolRegistry { try ToolRegistry(names.map(Named.init)) }

    @Test func `tools are ordered by name, however they were given`() throws {
        #expect(try self.registry("b", "a", "C", "a_b").names == ["C", "a", "a_b", "b"])
        #expect(try self.registry("a_b", "C", "b", "a").names == ["C", "a", "a_b", "b"])
    }

    @Test func `a tool is found by its name`() async throws {
        let registry = try self.registry("a", "b")
        #expect(try await registry["b"]?.run([:]) == "b")
        #expect(registry["c"] == nil)
        #expect(registry["B"] == nil)
    }

    @Test func `descriptions are what a model is told`() throws {
        #expect(
            try self.registry("a").descriptions
                == [ToolDescription(name: "a", description: "Is called a.", inputSchema: ["type": "object"])])
    }

    @Test func `a subset keeps the order and leaves out what is unknown`() throws {
        let registry = try self.registry("a", "b", "c")
        #expect(registry.subset(["c", "nobody", "a"]).names == ["a", "c"])
        #expect(registry.subset(["c", "a"])["b"] == nil)
        #expect(registry.subset([]).isEmpty)
        #expect(registry.subset(nil).names == ["a", "b", "c"])
        #expect(ToolRegistry().isEmpty)
    }

    @Test func `two tools of one name are refused`() {
        #expect(throws: ToolRegistry.Problem.duplicateName("a")) { try self.registry("a", "b", "a") }
    }

    @Test func `why tools cannot be registered is said to who started the server`() {
        #expect("\(ToolRegistry.Problem.duplicateName("calculate"))" == "Two tools are named calculate.")
        #expect(
            "\(ToolRegistry.Problem.invalidName("a b"))"
                == #"A tool is named "a b"; a name has 1 to 64 characters of A-Z a-z 0-9 _ -."#)
    }

    @Test func `a name that providers refuse is refused`() {
        for name in ["", "two words", "ä", String(repeating: "a", count: 65)] {
            #expect(throws: ToolRegistry.Problem.invalidName(name)) { try self.registry(name) }
        }
    }
}
