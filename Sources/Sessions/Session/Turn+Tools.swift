import ChatProtocol
import Conversation
import JSON

// Where a turn's tool calls go, and what comes of them.
extension Turn {
    /// Where each call goes: what is wrong is answered at once.
    func route(_ calls: [ToolCall]) -> [Action] {
        var (server, client, approval): ([ToolCall], [ToolCall], [ToolCall]) = ([], [], [])
        var answers: [Action] = []
        for call in calls {
            switch tools.route(call) {
            case .server: server.append(call)
            case .client: client.append(call)
            case .approval: approval.append(call)
            case .wrong(let problem):
                answers.append(.answerTool(ToolResult(call: call.id, output: problem, isError: true)))
            }
        }
        return (server.isEmpty ? [] : [.runTools(server)]) + (client.isEmpty ? [] : [.runOnClient(client)])
            + (approval.isEmpty ? [] : [.askApproval(approval)]) + answers
    }

    /// Whether nothing goes on before somebody outside has spoken.
    var isAwaiting: Bool {
        guard case .runningTools(let calls) = phase else { return false }
        return calls.allSatisfy { waiting[$0] != nil }
    }

    /// The calls of this round that have no result.
    var openCalls: [String] {
        guard case .runningTools(let calls) = phase else { return [] }
        return calls.sorted()
    }

    /// Calls wait from now on.
    mutating func wait(for calls: [WaitingCall]) {
        for call in calls { waiting[call.call.id] = call }
    }

    /// A person has allowed a call.
    ///
    /// - Parameter input: what is to run, where it is not the model's own.
    mutating func approved(_ call: String, input: JSONValue?) -> [Action] {
        guard case .runningTools = phase, var allowed = waiting.removeValue(forKey: call)?.call else { return [] }
        if let input {
            allowed.input = input
            change(call) { block in
                guard case .toolCall(let id, let name, _, let result) = block.kind else { return }
                block.kind = .toolCall(call: id, name: name, input: input, result: result)
                block.isSaved = false
            }
        }
        return [.runTools([allowed])]
    }

    /// Changes the block of a tool call.
    mutating func change(_ call: String, _ change: (inout ReplyBlock) -> Void) {
        for position in items.indices.reversed() {
            guard case .block(var block) = items[position], case .toolCall(call, _, _, _) = block.kind else { continue }
            change(&block)
            items[position] = .block(block)
            firstUnsavedItem = min(firstUnsavedItem, position)
            return
        }
    }

    /// A tool has answered.
    mutating func toolFinished(_ result: ToolResult) -> [Action] {
        guard case .runningTools(var open) = phase, open.remove(result.call) != nil else { return [] }
        items.append(.result(result))
        self.waiting[result.call] = nil
        for position in items.indices.reversed() {
            guard case .block(var block) = items[position],
                case .toolCall(result.call, let name, let input, _) = block.kind
            else { continue }
            block.kind = .toolCall(call: result.call, name: name, input: input, result: result)
            items[position] = .block(block)
            break
        }
        phase = .runningTools(open)
        return open.isEmpty ? callModel() : []
    }
}
