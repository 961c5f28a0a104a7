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
    func finished(_ result: ToolResult, after duration: Duration, turn id: String, ref: String? = nil) {
        guard running?.turn.accepted.id == id, let actions = running?.turn.toolFinished(result) else { return }
        running?.tools[result.call] = nil
        let pieces = running?.turn.takeProgress() ?? []
        commit(
            [.progress(turn: id, pieces), .waiting(turn: id, waitingCalls)],
            events: [.toolDone(turn: id, result: result, duration: duration)], ref: ref, isAtRest: isAtRest,
            happened: true
        ) { [self] succeeded in
            if !succeeded, running?.turn.accepted.id == id { stopUnsaved("The tool's result could not be saved.") }
        }
        perform(actions, ref: nil)
        changed()
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
        let pieces = running?.turn.takeProgress() ?? []
        commit(
            [.progress(turn: id, pieces), .waiting(turn: id, waitingCalls)], events: waiting.map { event(id, $0) },
            isAtRest: isAtRest, happened: true
        ) { [self] succeeded in
            if !succeeded, running?.turn.accepted.id == id { stopUnsaved("The tool call could not be saved.") }
        }
    }

    /// All that waits, in a stable order.
    private var waitingCalls: [WaitingCall] {
        (running?.turn.waiting.values).map { $0.sorted { $0.call.id < $1.call.id } } ?? []
    }

    var approvals: [ToolApproval] {
        waitingCalls.filter { $0.kind == .approval }.map { ToolApproval(call: $0.call, expiresAt: $0.deadline) }
    }

    /// Ends the waiting for those who have taken too long.
    func expireWaiting() {
        guard let running else { return }
        let now = Self.now
        for call in waitingCalls where call.deadline <= now {
            let problem =
                switch call.kind {
                case .approval: "Nobody allowed this call in time, so it was not run."
                case .client: "The client that was to run this did not answer in time."
                }
            finished(
                ToolResult(call: call.call.id, output: problem, isError: true), after: .zero,
                turn: running.turn.accepted.id)
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
        guard let declared, followers[follower]?.clientTools.contains(declared) == true else {
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
        guard let id = running?.turn.accepted.id else { return }
        var allowed = waiting.call
        if let input = decision.input {
            guard decision.decision == .allow else {
                throw CommandError(.badField, "\"input\" goes with \"allow\" only.", field: "input")
            }
            allowed.input = input
            if case .wrong(let problem)? = running?.turn.tools.route(allowed) {
                throw CommandError(.badField, problem.firstScalars(1_000), field: "input")
            }
        }
        let rest = waitingCalls.filter { $0.call.id != decision.call }
        transact(
            [.waiting(turn: id, rest)],
            events: [.toolApproved(turn: id, call: decision.call, decision.decision, input: decision.input)], ref: ref,
            isAtRest: false, from: follower, undo: {}
        ) { [self] in
            guard running?.turn.accepted.id == id, running?.turn.waiting[decision.call] != nil else { return }
            switch decision.decision {
            case .allow:
                perform(running?.turn.approved(decision.call, input: decision.input) ?? [], ref: nil)
            case .deny:
                let reason = decision.reason.map { ": \($0)" } ?? "."
                finished(
                    ToolResult(call: decision.call, output: "The user did not allow this call\(reason)", isError: true),
                    after: .zero, turn: id)
            }
        }
    }

    /// - Throws: `conflict` where the call has its answer already, `not_found` where there is none of that id.
    private func waiting(_ call: String, _ kind: WaitingCall.Kind) throws(CommandError) -> WaitingCall {
        if let waiting = running?.turn.waiting[call], waiting.kind == kind { return waiting }
        if knows(call) {
            throw CommandError(
                .conflict, "The call \"\(call)\" has its answer already, or wants another kind.", field: "call")
        }
        throw CommandError(.notFound, "There is no call \"\(call)\" that waits.", field: "call")
    }

    /// Whether a reply of this branch has that call.
    private func knows(_ call: String) -> Bool {
        let isMeant = { (block: ContentBlock) in
            if case .toolCall(let found) = block { found.id == call } else { false }
        }
        return running?.turn.content.contains(where: isMeant) == true
            || tree.path(to: tree.head).contains { $0.content.contains(where: isMeant) }
    }
}
