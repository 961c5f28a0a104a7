import Conversation
import Dispatch
import JSON
import Synchronization
import Testing
import Tools

/// A tool that does what the test says.
private struct Scripted: Tool {
    var name = "scripted"
    var description = "Does what the test says."
    var inputSchema: JSONValue = ["type": "object"]
    var work: @Sendable (JSONValue) async throws -> String

    func run(_ input: JSONValue) async throws -> String { try await self.work(input) }
}

@Suite(.timeLimit(.minutes(1))) struct ToolRunnerTests {
    private let call = ToolCall(id: "c_1", name: "scripted", input: [:])

    private func runner(
        timeLimit: Duration = .seconds(30), outputLimitBytes: Int = 32 * 1024, schema: JSONValue = ["type": "object"],
        _ work: @escaping @Sendable (JSONValue) async throws -> String
    ) throws -> ToolRunner {
        ToolRunner(
            registry: try ToolRegistry([Scripted(inputSchema: schema, work: work)]), timeLimit: timeLimit,
            outputLimitBytes: outputLimitBytes)
    }

    @Test func `a tool's output is the result of its call`() async throws {
        let runner = try self.runner { "got \($0.jsonText)" }
        let result = await runner.run(ToolCall(id: "c_9", name: "scripted", input: ["a": 1]))
        #expect(result == ToolResult(call: "c_9", output: #"got {"a":1}"#, isError: false))
    }

    @Test func `a call runs off the caller's actor`() async throws {
        let runner = try self.runner { _ in Pinned.isHere ? "on the actor" : "off the actor" }
        let (wasHere, result) = await Pinned().run(runner, self.call)
        #expect(wasHere)
        #expect(result.output == "off the actor")
    }

    // MARK: What never runs

    @Test func `an unknown tool's result lists the known ones`() async throws {
        let runner = try self.runner { _ in "ran" }
        let result = await runner.run(ToolCall(id: "c_1", name: "calculator", input: [:]))
        #expect(result.isError)
        #expect(result.output == "There is no tool named \"calculator\". The tools are: scripted.")
        let none = await ToolRunner(registry: ToolRegistry()).run(self.call)
        #expect(none.output == "There is no tool named \"scripted\". The tools are: none.")
    }

    @Test func `an input that broke off is an error result`() async throws {
        let runner = try self.runner { _ in "ran" }
        let result = await runner.run(ToolCall(id: "c_1", name: "scripted", input: nil))
        #expect(result.isError)
        #expect(result.output.contains("valid JSON"))
    }

    @Test func `an invalid input is an error result that says what is wrong, and nothing runs`() async throws {
        let ran = Atomic(false)
        let runner = try self.runner(
            schema: ["type": "object", "properties": ["n": ["type": "integer"]], "required": ["n", "m"]]
        ) { _ in
            ran.store(true, ordering: .relaxed)
            return "ran"
        }
        let result = await runner.run(ToolCall(id: "c_1", name: "scripted", input: ["n": "three"]))
        #expect(result.isError)
        #expect(
            result.output == """
                The input of scripted is not valid; nothing was run:
                - input.m is required but missing.
                - input.n must be an integer, but is the string "three".
                """)
        let hasRun = ran.load(ordering: .relaxed)
        #expect(!hasRun)
    }

    @Test func `a registered tool's pattern counts`() async throws {
        let runner = try self.runner(schema: ["properties": ["a": ["pattern": "^x+$"]]]) { _ in "ran" }
        #expect(await runner.run(ToolCall(id: "c", name: "scripted", input: ["a": "y"])).isError)
        #expect(await runner.run(ToolCall(id: "c", name: "scripted", input: ["a": "xx"])).output == "ran")
    }

    // MARK: What goes wrong

    @Test func `a tool's failure is an error result in its words`() async throws {
        let runner = try self.runner { _ in throw ToolFailure("Try again on Monday.") }
        #expect(
            await runner.run(self.call) == ToolResult(call: "c_1", output: "Try again on Monday.", isError: true))
    }

    @Test func `any other error is an error result that keeps its words to itself`() async throws {
        struct Secret: Error { let key = "sk-123" }
        let runner = try self.runner { _ in throw Secret() }
        let result = await runner.run(self.call)
        #expect(result.isError)
        #expect(result.output.contains("scripted failed"))
        #expect(!result.output.contains("sk-123"))
        #expect(!result.output.contains("Secret"))
    }

    @Test func `a tool that takes too long is cancelled and its call is an error result`() async throws {
        let (ended, end) = AsyncStream.makeStream(of: Bool.self)
        let runner = try self.runner(timeLimit: .milliseconds(20)) { _ in
            try? await Task.sleep(for: .seconds(3_600))
            end.yield(Task.isCancelled)
            return "late"
        }
        let result = await runner.run(self.call)
        #expect(result.isError)
        #expect(result.output.contains("did not finish within 0.02 seconds"))
        #expect(await ended.first { _ in true } == true)
    }

    @Test func `a tool that ignores cancellation does not hold the turn at its time limit`() async throws {
        let (never, end) = AsyncStream.makeStream(of: Void.self)
        let runner = try self.runner(timeLimit: .milliseconds(20)) { _ in
            await Task.detached { for await _ in never {} }.value
            return "late"
        }
        let result = await runner.run(self.call)
        #expect(result.isError)
        #expect(result.output.contains("did not finish"))
        end.finish()
    }

    @Test func `a cancelled turn gets its result at once, also from a tool that ignores it`() async throws {
        let (never, end) = AsyncStream.makeStream(of: Void.self)
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let runner = try self.runner { _ in
            start.yield()
            await Task.detached { for await _ in never {} }.value
            return "late"
        }
        let turn = Task { await runner.run(self.call) }
        _ = await started.first { _ in true }
        turn.cancel()
        let result = await turn.value
        #expect(result.isError)
        #expect(result.output == "scripted was cancelled before it finished.")
        end.finish()
    }

    @Test func `a cancel reaches the tool`() async throws {
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let (ended, end) = AsyncStream.makeStream(of: Bool.self)
        let runner = try self.runner { _ in
            start.yield()
            try? await Task.sleep(for: .seconds(3_600))
            end.yield(Task.isCancelled)
            return "late"
        }
        let turn = Task { await runner.run(self.call) }
        _ = await started.first { _ in true }
        turn.cancel()
        #expect(await ended.first { _ in true } == true)
        #expect(await turn.value.isError)
    }

    @Test func `a turn that was already cancelled runs nothing`() async throws {
        let ran = Atomic(false)
        let runner = try self.runner { _ in
            ran.store(true, ordering: .relaxed)
            return "ran"
        }
        let result = await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await runner.run(self.call)
        }.value
        #expect(result.output == "scripted was cancelled before it finished.")
        let hasRun = ran.load(ordering: .relaxed)
        #expect(!hasRun)
    }

    @Test func `many calls at once each get their own result`() async throws {
        let runner = try self.runner { $0["n"]?.jsonText ?? "" }
        await withTaskGroup(of: Bool.self) { group in
            for n in 0..<500 {
                group.addTask {
                    let result = await runner.run(ToolCall(id: "c_\(n)", name: "scripted", input: ["n": .int(n)]))
                    return result == ToolResult(call: "c_\(n)", output: "\(n)", isError: false)
                }
            }
            #expect(await group.allSatisfy { $0 })
        }
    }

    // MARK: The output's limit

    @Test func `an output at the limit is whole`() async throws {
        let text = String(repeating: "a", count: 256)
        let runner = try self.runner(outputLimitBytes: 256) { _ in text }
        #expect(await runner.run(self.call).output == text)
    }

    @Test(arguments: ["a", "é", "漢", "💬", "e\u{301}"])
    func `a long output is cut between two scalars, with a note`(unit: String) async throws {
        for count in 1_000...1_003 {
            let text = "x" + String(repeating: unit, count: count)
            let output = await (try self.runner(outputLimitBytes: 300) { _ in text }).run(self.call).output
            let bytes = text.utf8.count
            #expect(output.utf8.count <= 300)
            #expect(output.utf8.count > 290)
            #expect(!output.unicodeScalars.contains("\u{FFFD}"))
            let note = try #require(output.unicodeScalars.firstIndex(of: "\n"))
            let kept = output.unicodeScalars[..<note]
            #expect(text.unicodeScalars.starts(with: kept))
            let left = bytes - String(kept).utf8.count
            #expect(output.hasSuffix("its last \(left) of \(bytes) bytes are cut off.]"))
        }
    }

    @Test func `a failure's message is cut too`() async throws {
        let runner = try self.runner(outputLimitBytes: 0) { _ in throw ToolFailure(String(repeating: "a", count: 999)) }
        let result = await runner.run(self.call)
        #expect(result.isError)
        #expect(result.output.utf8.count <= ToolRunner.minimumOutputLimitBytes)
    }
}

/// An actor on a queue of its own, as a session is on its event loop.
private actor Pinned {
    private final class Queue: SerialExecutor {
        static let key = DispatchSpecificKey<Bool>()
        let queue = DispatchQueue(label: "pinned")

        init() { self.queue.setSpecific(key: Self.key, value: true) }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            self.queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
        }
    }

    private let queue = Queue()
    nonisolated var unownedExecutor: UnownedSerialExecutor { self.queue.asUnownedSerialExecutor() }

    static var isHere: Bool { DispatchQueue.getSpecific(key: Queue.key) ?? false }

    /// Also whether the actor was on its queue before and after the call.
    func run(_ runner: ToolRunner, _ call: ToolCall) async -> (Bool, ToolResult) {
        let before = Self.isHere
        let result = await runner.run(call)
        return (before && Self.isHere, result)
    }
}
