import Conversation
import JSON
import Testing
import Tools

/// A tool of an embedding application, as in docs/tools.md.
@Suite struct OwnToolTests {
    private func runner() throws -> ToolRunner { ToolRunner(registry: try ToolRegistry([RollDice()])) }

    @Test func `a tool of a few lines runs`() async throws {
        let result = try await runner().run(.init(id: "c", name: "roll_dice", input: ["sides": 6]))
        #expect(!result.isError)
        #expect((1...6).contains(try #require(Int(result.output))))
    }

    @Test func `its schema is obeyed before it runs`() async throws {
        let result = try await runner().run(.init(id: "c", name: "roll_dice", input: ["sides": 1]))
        #expect(result.isError)
        #expect(result.output.contains("input.sides must be at least 2, but is 1"))
    }

    @Test func `no person is asked where a tool does not say so`() throws {
        #expect(try !runner().needsApproval(.init(id: "c", name: "roll_dice", input: [:])))
        #expect(try !runner().needsApproval(.init(id: "c", name: "unknown", input: [:])))
    }

    @Test func `nobody is asked about a call that cannot run`() throws {
        let runner = try runner()
        #expect(runner.refusal(of: .init(id: "c", name: "roll_dice", input: ["sides": 6])) == nil)
        for call in [
            ("roll_dice", ["sides": "six"]), ("roll_dice", nil), ("unknown", [:]),
        ] as [(String, JSONValue?)] {
            #expect(runner.refusal(of: .init(id: "c", name: call.0, input: call.1))?.isError == true)
        }
    }
}
