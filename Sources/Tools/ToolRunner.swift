package import Conversation
import JSON

/// Runs what a model calls. Whatever happens, the call has a result that the model can read.
package struct ToolRunner: Sendable {
    /// Half a minute is long for a person who waits, and enough for a slow service.
    package static let defaultTimeLimit: Duration = .seconds(30)
    /// Bytes of UTF-8. 32 KiB are about 8,000 tokens: a result stays in the conversation and is paid for in each prompt.
    package static let defaultOutputLimitBytes = 32 * 1024
    /// Bytes of UTF-8. Below this the note of what was cut would be most of the output.
    package static let minimumOutputLimitBytes = 256

    package let registry: ToolRegistry
    package let timeLimit: Duration
    package let outputLimitBytes: Int

    /// - Parameters:
    ///   - timeLimit: for one call, its validation included.
    ///   - outputLimitBytes: for one result, the note of what was cut included; at least `minimumOutputLimitBytes`.
    package init(
        registry: ToolRegistry, timeLimit: Duration = ToolRunner.defaultTimeLimit,
        outputLimitBytes: Int = ToolRunner.defaultOutputLimitBytes
    ) {
        self.registry = registry
        self.timeLimit = timeLimit
        self.outputLimitBytes = max(outputLimitBytes, Self.minimumOutputLimitBytes)
    }

    /// Checks the input and runs the tool, on a thread of the concurrent pool whatever the caller's actor.
    ///
    /// Returns once the tool is done, the time is over or the caller's task is cancelled, whichever comes first. In the
    /// two latter cases the tool's task is cancelled; a tool that ignores it goes on unheard.
    package func run(_ call: ToolCall) async -> ToolResult {
        let tool: any Tool
        let input: JSONValue
        do {
            (tool, input) = try self.parts(of: call)
        } catch {
            return self.failed(call, error.message)
        }
        let outcome = await ToolRace.run(limit: self.timeLimit) {
            try Self.validate(input, for: tool)
            return try await tool.run(input)
        }
        switch outcome {
        case .output(let output):
            return ToolResult(call: call.id, output: self.cut(output), isError: false)
        case .failure(let failure):
            return self.failed(call, failure.message)
        case .unexpectedError:
            // What it says was not written for a model, and may hold what no model should see.
            return self.failed(call, "\(tool.name) failed for a reason of its own. The input was valid.")
        case .timeOver:
            return self.failed(call, "\(tool.name) did not finish within \(self.timeLimit) and was stopped.")
        case .cancelled:
            return self.failed(call, "\(tool.name) was cancelled before it finished.")
        }
    }

    /// Whether a person must allow the call before it runs. False for a tool that there is not: `run` says so.
    package func needsApproval(_ call: ToolCall) -> Bool { self.registry[call.name]?.needsApproval ?? false }

    /// What `run` would answer without running anything, because the call cannot be run; nil where it can.
    ///
    /// For calls that need a person's word: nobody shall be asked about one that fails anyhow, and what a person has edited
    /// is checked by it like what the model wrote.
    package func refusal(of call: ToolCall) -> ToolResult? {
        do throws(ToolFailure) {
            let (tool, input) = try self.parts(of: call)
            try Self.validate(input, for: tool)
            return nil
        } catch {
            return self.failed(call, error.message)
        }
    }

    private func parts(of call: ToolCall) throws(ToolFailure) -> (any Tool, JSONValue) {
        guard let tool = self.registry[call.name] else {
            let known = self.registry.names.joined(separator: ", ")
            throw ToolFailure(
                "There is no tool named \"\(call.name)\". The tools are: \(known.isEmpty ? "none" : known).")
        }
        guard let input = call.input else {
            throw ToolFailure("The input was not complete, valid JSON. Call \(tool.name) again with a whole one.")
        }
        return (tool, input)
    }

    /// The registry's tools are the server's own, so their patterns are trusted.
    private static func validate(_ input: JSONValue, for tool: any Tool) throws(ToolFailure) {
        let failures = JSONSchemaValidator(schema: tool.inputSchema, checksPatterns: true).failures(in: input)
        guard failures.isEmpty else {
            let list = failures.map { "- \($0)" }.joined(separator: "\n")
            throw ToolFailure("The input of \(tool.name) is not valid; nothing was run:\n\(list)")
        }
    }

    private func failed(_ call: ToolCall, _ message: String) -> ToolResult {
        ToolResult(call: call.id, output: self.cut(message), isError: true)
    }

    /// The text with at most `outputLimitBytes`, cut between two scalars.
    private func cut(_ text: String) -> String {
        let size = text.utf8.count
        guard size > self.outputLimitBytes else { return text }
        func note(_ left: Int) -> String {
            "\n[The output was too long: its last \(left) of \(size) bytes are cut off.]"
        }
        // No smaller number makes a longer note than `size` itself.
        var end = text.utf8.index(text.startIndex, offsetBy: self.outputLimitBytes - note(size).utf8.count)
        while end.samePosition(in: text.unicodeScalars) == nil, end > text.startIndex {
            text.utf8.formIndex(before: &end)
        }
        let kept = text[..<end]
        return kept + note(size - kept.utf8.count)
    }
}
