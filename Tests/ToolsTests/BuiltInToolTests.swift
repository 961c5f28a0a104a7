import Foundation
import JSON
import Testing
import Tools

@Suite struct BuiltInToolTests {
    @Test func `a selection is names with commas, all, or none`() {
        #expect(BuiltInTool.selection("all") == BuiltInTool.allCases)
        #expect(BuiltInTool.selection("none") == [])
        #expect(BuiltInTool.selection("calculate") == [.calculate])
        #expect(BuiltInTool.selection("send_email, calculate,send_email") == [.sendEmail, .calculate])
        for wrong in ["", "calc", "calculate,", "calculate;send_email", "all,calculate", "Calculate"] {
            #expect(BuiltInTool.selection(wrong) == nil)
        }
    }

    @Test func `every tool is made under its name, and they can be registered together`() throws {
        let transfers = try Network.transfers()
        let tools = try BuiltInTool.allCases.map {
            try $0.make(transfers: transfers, outbox: URL(fileURLWithPath: "/nowhere"))
        }
        #expect(tools.map(\.name) == BuiltInTool.allCases.map(\.rawValue))
        #expect(try ToolRegistry(tools).names.count == BuiltInTool.allCases.count)
        #expect(tools.filter(\.needsApproval).map(\.name) == ["send_email"])
        for tool in tools { #expect(tool.inputSchema["type"] == "object") }
    }
}
