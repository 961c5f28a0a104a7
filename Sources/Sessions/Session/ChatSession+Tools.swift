import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore
import Tools

// The tools that a turn calls: on the server, in a client, and after a person's word.
extension ChatSession {
    // MARK: On the server

    func run(_ calls: [ToolCall]) {
        guard let id = running?.turn.accepted.id else { return }
        let pieces = running?.turn.takeProgress() ?? []
        // On disk before it runs: after a crash nobody could say whether it had.
        commit(
            [.progress(turn: id, pieces)], events: calls.map { .toolStarted(turn: id, call: $0) }, isAtRest: false,
            happened: true
        ) { [self] succeeded in
            guard running?.turn.accepted.id == id else { return }
            guard succeeded else { return stopUnsaved("The tool call could not be saved.") }
            for call in calls { start(call, turn: id) }
        }
    }

    private func start(_ call: ToolCall, turn id: String) {
        let runner = ToolRunner(registry: running?.turn.tools.server ?? ToolRegistry())
        let startedAt = NIODeadline.now()
        // Detached: a tool must never hold the event loop.
        running?.tools[call.id] = Task.detached { [self] in
            let result = await runner.run(call)
            let duration = Duration.nanoseconds((NIODeadline.now() - startedAt).nanoseconds)
            perform { $0.finished(result, after: duration, turn: id) }
        }
    }

    /// A call has its result.
    ///
    /// - Parameter outcome: what is counted; nil: what the result says.
    func finished(
        _ result: ToolResult, after duration: Duration, turn id: String, ref: String? = nil,
        as outcome: ToolCallOutcome? = nil
    ) {
        let tool = running?.turn.openCalls.contains(result.call) == true ? countedTool(of: result.call) : nil
        guard running?.turn.accepted.id == id, let actions = running?.turn.toolFinished(result) else { return }
        if let tool { environment.metrics.toolFinished(tool, outcome ?? (result.isError ? .error : .ok)) }
        running?.tools[result.call] = nil
        let pieces = running?.turn.takeProgress() ?? []
        commit(
            [.progress(turn: id, pieces), .waiting(turn: id, waitingCalls)],
            events: [.toolDone(turn: id, result: result, duration: duration)], ref: ref, isAtRest: isAtRest,
            happened: true
        ) { [self] succeeded in
            if !succeeded, running?.turn.accepted.id == id { stopUnsaved("The tool's result could not be saved.") }
        }
        // The last tool of the server may have ended beside those that wait.
        yieldPlace()
        perform(actions, ref: nil)
        changed()
    }

    /// What a call is counted as: only names that the server gave, as a model and a client may say any.
    private func countedTool(of call: String) -> String {
        guard let turn = running?.turn, let name = turn.toolName(ofCall: call) else { return "unknown" }
        if environment.tools[name] != nil { return name }
        return turn.accepted.clientTools.contains { $0.name == name } ? "client" : "unknown"
    }

    private func stopUnsaved(_ problem: String) {
        stopRunning(.failed, ref: nil, error: TurnError(.storage, message: problem, retryable: true))
    }

    // MARK: Elsewhere

    func runOnClient(_ calls: [ToolCall]) {
        wait(for: calls, .client, environment.limits.clientToolTime) { turn, call in
            .toolStarted(turn: turn, call: call.call, runs: .client)
        }
    }

    func askApproval(_ calls: [ToolCall]) {
        let now = Self.now
        wait(for: calls, .approval, environment.limits.approvalTime) { turn, call in
            .toolApproval(turn: turn, ToolApproval(call: call.call, expiresAt: call.deadline), now: now)
        }
    }

    private func wait(
        for calls: [ToolCall], _ kind: WaitingCall.Kind, _ limit: Duration,
        event: (String, WaitingCall) -> LogEvent
    ) {
        guard let id = running?.turn.accepted.id else { return }
        let deadline = Self.now + Int64(limit / .milliseconds(1))
        let waiting = calls.map { WaitingCall(call: $0, kind: kind, deadline: deadline) }
        running?.turn.wait(for: waiting)
        yieldPlace()
        let pieces = running?.turn.takeProgress() ?? []
        commit(
            [.progress(turn: id, pieces), .waiting(turn: id, waitingCalls)], events: waiting.map { event(id, $0) },
            isAtRest: isAtRest, happened: true
        ) { [self] succeeded in
            if !succeeded, running?.turn.accepted.id == id { stopUnsaved("The tool call could not be saved.") }
        }
    }

    /// All that waits, in a stable order; without the call on which a word is being saved.
    private var waitingCalls: [WaitingCall] {
        guard let running else { return [] }
        let others = running.turn.waiting.values.filter { $0.call.id != running.deciding?.call }
        return (others + [running.deciding?.waiting].compactMap(\.self)).sorted { $0.call.id < $1.call.id }
    }

    var approvals: [ToolApproval] {
        waitingCalls.filter { $0.kind == .approval }.map { ToolApproval(call: $0.call, expiresAt: $0.deadline) }
    }

    /// Ends the waiting for those who have taken too long.
    func expireWaiting() {
        // What goes on now would be cut off by the server's end.
        guard let running, !(environment.drain.isDraining && running.turn.isAwaiting) else { return }
        let now = Self.now
        for call in waitingCalls where call.deadline <= now {
            let problem: String
            switch call.kind {
            case .approval: problem = "Nobody allowed this call in time, so it was not run."
            case .client: problem = "The client that was to run this did not answer in time."
            case .denied: continue
            }
            finished(
                ToolResult(call: call.call.id, output: problem, isError: true), after: .zero,
                turn: running.turn.accepted.id, as: .expired)
        }
    }

    /// Ends the running turn with the process; one that awaits somebody goes on awaiting after it.
    func interruptRunning() {
        if running?.turn.isAwaiting == false { stopRunning(.interrupted, ref: nil) }
    }

    // MARK: What clients say

    func answerTool(_ answer: ToolAnswer, ref: String?, from follower: FollowerID) throws(CommandError) {
        let waiting = try self.waiting(answer.call, .client)
        let declared = running?.turn.accepted.clientTools.first { $0.name == waiting.call.name }
        let own = clientTools(of: follower).first { $0.name == waiting.call.name }
        // What it is described as is for the model only.
        guard let declared, let own, own.inputSchema == declared.inputSchema else {
            throw CommandError(
                .notFound, "This connection has not declared the tool \"\(waiting.call.name)\" of that call.",
                field: "call")
        }
        let elapsed = environment.limits.clientToolTime - .milliseconds(waiting.deadline - Self.now)
        finished(
            ToolResult(call: answer.call, output: answer.output, isError: answer.isError), after: max(.zero, elapsed),
            turn: running?.turn.accepted.id ?? "", ref: ref)
    }

    func decide(_ decision: ToolDecision, ref: String?, from follower: FollowerID) throws(CommandError) {
        let waiting = try self.waiting(decision.call, .approval)
        guard let running else { return }
        let id = running.turn.accepted.id
        var allowed = waiting.call
        if let input = decision.input {
            guard decision.decision == .allow else {
                throw CommandError(.badField, "\"input\" goes with \"allow\" only.", field: "input")
            }
            allowed.input = input
            if case .wrong(let problem) = running.turn.tools.route(allowed) {
                throw CommandError(.badField, problem.firstScalars(1_000), field: "input")
            }
        }
        var events = [LogEvent.toolApproved(turn: id, call: decision.call, decision.decision, input: decision.input)]
        var edited: [ReplyPiece] = []
        switch decision.decision {
        case .allow:
            running.deciding = (decision.call, nil)
            // The word and the start are one commit: a crash leaves a call that waits, or one that is never run again.
            if decision.input != nil { edited = running.turn.takeEdited(allowed) }
            events.append(.toolStarted(turn: id, call: allowed))
        case .deny:
            running.deciding = (decision.call, WaitingCall(call: allowed, kind: .denied, deadline: waiting.deadline))
        }
        transact(
            [.progress(turn: id, edited), .waiting(turn: id, waitingCalls)], events: events, ref: ref, isAtRest: false,
            from: follower, undo: { self.undecide(running) }
        ) { [self] in
            running.deciding = nil
            guard self.running === running else { return }
            switch decision.decision {
            case .allow:
                if let call = running.turn.approved(decision.call, input: decision.input) { start(call, turn: id) }
            case .deny:
                let result = Self.deniedResult(decision.call, reason: decision.reason)
                finished(result, after: .zero, turn: id, as: .denied)
            }
        }
    }

    /// A word could not be saved: the call waits on.
    private func undecide(_ running: Running) {
        running.deciding = nil
        // Commits since then may have said that it does not.
        guard self.running === running, !commits.isEmpty else { return }
        commit([.waiting(turn: running.turn.accepted.id, waitingCalls)], isAtRest: isAtRest, happened: true)
    }

    static func deniedResult(_ call: String, reason: String? = nil) -> ToolResult {
        let reason = reason.map { ": \($0)" } ?? "."
        return ToolResult(call: call, output: "The user did not allow this call\(reason)", isError: true)
    }

    /// - Throws: `conflict` where the call has its answer already, `not_found` where there is none of that id, `overloaded` where
    ///   the server is about to end.
    private func waiting(_ call: String, _ kind: WaitingCall.Kind) throws(CommandError) -> WaitingCall {
        if let turn = running?.turn, let waiting = turn.waiting[call], waiting.kind == kind {
            guard !(environment.drain.isDraining && turn.isAwaiting) else {
                // It goes on awaiting after the restart; what went on now would be cut off by it.
                throw CommandError(
                    .overloaded, "The server is about to restart.", retryable: true, retryAfter: .seconds(1))
            }
            return waiting
        }
        if running?.turn.content.contains(where: { $0.call == call }) == true || usedCalls.contains(call) {
            throw CommandError(
                .conflict, "The call \"\(call)\" has its answer already, or wants another kind.", field: "call")
        }
        throw CommandError(.notFound, "There is no call \"\(call)\" that waits.", field: "call")
    }

    /// The ids of all tool calls in the replies of turns that have ended, on every branch.
    var usedCalls: Set<String> {
        var calls: Set<String> = []
        for turn in turns.values {
            for block in tree.message(turn.reply)?.content ?? [] {
                if let call = block.call { calls.insert(call) }
            }
        }
        return calls
    }
}

extension ContentBlock {
    /// The id of a tool call.
    fileprivate var call: String? {
        if case .toolCall(let call) = self { call.id } else { nil }
    }
}
