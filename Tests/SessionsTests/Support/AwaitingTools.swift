import ChatProtocol
import Conversation
import JSON
import Models
import NIOConcurrencyHelpers
import NIOCore
import Testing
import Tools

@testable import Sessions

/// A tool that a person has to allow. It remembers what it was run with.
final class Letter: Tool {
    let name = "send_letter"
    let description = "Sends a letter."
    let inputSchema: JSONValue = [
        "type": "object", "properties": ["to": ["type": "string"], "text": ["type": "string"]], "required": ["to"],
    ]
    let needsApproval = true
    private let runs = NIOLockedValueBox<[JSONValue]>([])

    /// The inputs of its runs so far.
    var inputs: [JSONValue] { runs.withLockedValue { $0 } }

    func run(_ input: JSONValue) async throws -> String {
        runs.withLockedValue { $0.append(input) }
        return "Sent to \(input["to"]?.stringValue ?? "")."
    }
}

/// A tool of the server that answers when the test says so.
final class Gate: Tool {
    let name = "gate"
    let description = "Waits."
    let inputSchema: JSONValue = ["type": "object"]
    private let runs = NIOLockedValueBox(0)
    private let opened: AsyncStream<Void>
    private let opening: AsyncStream<Void>.Continuation

    init() {
        (opened, opening) = AsyncStream.makeStream()
    }

    var runCount: Int { runs.withLockedValue { $0 } }

    func open() { opening.finish() }

    func run(_ input: JSONValue) async throws -> String {
        runs.withLockedValue { $0 += 1 }
        for await _ in opened {}
        return "open"
    }
}

extension ToolDescription {
    /// A tool of a client's.
    static let place = ToolDescription(
        name: "get_place", description: "Where the user is.",
        inputSchema: ["type": "object", "properties": ["exact": ["type": "boolean"]]])
}

extension [ScriptedCall.Said] {
    /// Tool calls of one round: their ids, names and inputs.
    static func calls(_ calls: (id: String, name: String, input: String)..., text: String? = nil) -> Self {
        var said: Self = []
        if let text {
            said += [.event(.blockStarted(index: 0, .text))]
            if !text.isEmpty { said.append(.delta(0, text)) }
            said.append(.event(.blockDone(index: 0)))
        }
        for (number, call) in calls.enumerated() {
            let index = number + (text == nil ? 0 : 1)
            said += [
                .event(.blockStarted(index: index, .toolCall(id: call.id, name: call.name))), .delta(index, call.input),
                .event(.blockDone(index: index)),
            ]
        }
        return said + [.event(.stopped(StopReason(.toolUse, word: "tool_use")))]
    }

    /// The call of a letter to Ada.
    static let letter = calls(("c_1", "send_letter", #"{"to":"Ada"}"#))
}

extension ToolCall {
    static func letter(_ id: String = "c_1", to: String = "Ada") -> ToolCall {
        ToolCall(id: id, name: "send_letter", input: ["to": .string(to)])
    }
}

extension ScriptedCall {
    /// What the model is shown of its own reply so far.
    var replySoFar: [ContentBlock] {
        guard let last = request.messages.last, last.role == .assistant else { return [] }
        return last.content
    }

    /// What the model is told of a call.
    func result(of call: String) -> ToolResult? {
        for case .toolResult(let result) in replySoFar where result.call == call { return result }
        return nil
    }
}

extension SessionFixture {
    /// Sessions in a store that another fixture's process left behind.
    func restarted(
        _ store: any SessionStore, tools: [any Tool] = [], limits: SessionLimits = SessionLimits()
    ) throws -> SessionFixture { try SessionFixture(store: store, tools: tools, limits: limits) }

    /// A session whose first follower runs tools of its own.
    func open(clientTools: [ToolDescription]) async throws -> (ChatSession, RecordingFollower) {
        let session = try await directory.create(owner: Self.owner, ref: nil, settings: nil, on: loops[0]).session
        let follower = RecordingFollower(1, on: loops[0])
        session.perform { [id = follower.id] in
            $0.follow(id, .init(clientTools: clientTools), ref: "o1", isNew: true, over: follower)
        }
        _ = try await follower.until("welcome")
        return (session, follower)
    }

    /// Follows a session, with tools.
    func join(
        _ session: String, _ id: Int, clientTools: [ToolDescription]
    ) async throws -> (ChatSession, RecordingFollower) {
        let session = try await directory.find(session, owner: Self.owner, on: loops[0])
        let follower = RecordingFollower(id, on: loops[0])
        let open = ClientCommand.Open(session: session.id, clientTools: clientTools)
        session.perform { $0.follow(follower.id, open, ref: nil, isNew: false, over: follower) }
        return (session, follower)
    }

    /// A session with a turn that awaits a person's word on `c_1`, a letter to Ada.
    func awaiting(_ said: [ScriptedCall.Said] = .letter) async throws -> (ChatSession, RecordingFollower) {
        let (session, follower) = try await open()
        session.send("Write to Ada", id: "m1", from: follower)
        try await provider.nextCall().say(said)
        _ = try await follower.until("tool.approval")
        return (session, follower)
    }
}

extension ChatSession {
    nonisolated func allow(
        _ call: String, input: JSONValue? = nil, id: String? = "ok", from follower: RecordingFollower
    ) {
        say(.toolApprove(ToolDecision(call: call, decision: .allow, input: input)), id: id, from: follower)
    }

    nonisolated func deny(_ call: String, reason: String? = nil, id: String? = "no", from follower: RecordingFollower) {
        say(.toolApprove(ToolDecision(call: call, decision: .deny, reason: reason)), id: id, from: follower)
    }

    nonisolated func answer(
        _ call: String, _ output: String, isError: Bool = false, id: String? = "res", from follower: RecordingFollower
    ) {
        say(.toolResult(ToolAnswer(call: call, output: output, isError: isError)), id: id, from: follower)
    }

    /// Has it look after itself now.
    nonisolated func tickNow(after time: TimeAmount = .zero) { perform { $0.tick(.now() + time) } }
}

/// A letter that takes for ever.
struct SlowLetter: Tool {
    let name = "slow_letter"
    let description = "Sends a letter by sea."
    let inputSchema: JSONValue = ["type": "object", "properties": ["to": ["type": "string"]]]
    let needsApproval = true

    func run(_ input: JSONValue) async throws -> String {
        try await untilCancelled()
    }
}

extension SessionFixture {
    /// Waits for what no frame tells while the store holds it back.
    func until(
        _ session: ChatSession, _ condition: @escaping @Sendable (isolated ChatSession) -> Bool
    ) async throws {
        try await eventually { try await loops[0].submit({ session.assumeIsolated(condition) }).get() }
    }

    /// A second server's sessions on the same store, brought back as at its start. What the first one's say after is not heard.
    static func restarted(
        on store: any SessionStore, tools: [any Tool], limits: SessionLimits = SessionLimits()
    ) async throws -> SessionFixture {
        let fixture = try SessionFixture(store: store, tools: tools, limits: limits)
        try await fixture.directory.recover()
        return fixture
    }
}

extension MemoryStore {
    /// The session's last turn.
    func lastTurn(of session: ChatSession) async throws -> StoredTurn {
        let stored = try #require(try await self.session(session.id))
        let turn = try #require(stored.turns.last)
        #expect(Set(turn.pieces.map(\.number)).count == turn.pieces.count, "a piece's number is its own")
        return turn
    }
}
