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

    /// What is to be saved before a call runs with another input than the model's.
    mutating func takeEdited(_ call: ToolCall) -> [ReplyPiece] {
        guard let position = position(ofCall: call.id) else { return [] }
        defer { pieceCount += 1 }
        return [ReplyPiece(number: pieceCount, item: position, block: .toolCall(call))]
    }

    /// A person has allowed a call.
    ///
    /// - Parameter input: what is to run, where it is not the model's own; `takeEdited` has had it saved.
    /// - Returns: what is to run; nil where the call waits no more.
    mutating func approved(_ call: String, input: JSONValue?) -> ToolCall? {
        guard case .runningTools = phase, var allowed = waiting.removeValue(forKey: call)?.call else { return nil }
        if let input {
            allowed.input = input
            modify(call: call) { _, result in (input, result) }
        }
        return allowed
    }

    private func position(ofCall call: String) -> Int? {
        items.lastIndex { item in
            if case .block(let block) = item, case .toolCall(call, _, _, _) = block.kind { true } else { false }
        }
    }

    func toolName(ofCall call: String) -> String? {
        guard let position = position(ofCall: call), case .block(let block) = items[position],
            case .toolCall(_, let name, _, _) = block.kind
        else { return nil }
        return name
    }

    /// Changes the input and the result of a tool call.
    mutating func modify(call: String, _ change: (JSONValue?, ToolResult?) -> (JSONValue?, ToolResult?)) {
        guard let position = position(ofCall: call), case .block(var block) = items[position],
            case .toolCall(_, let name, let input, let result) = block.kind
        else { return }
        let (newInput, newResult) = change(input, result)
        block.kind = .toolCall(call: call, name: name, input: newInput, result: newResult)
        items[position] = .block(block)
    }

    /// A tool has answered.
    mutating func toolFinished(_ result: ToolResult) -> [Action] {
        guard case .runningTools(var open) = phase, open.remove(result.call) != nil else { return [] }
        items.append(.result(result))
        waiting[result.call] = nil
        modify(call: result.call) { input, _ in (input, result) }
        phase = .runningTools(open)
        return open.isEmpty ? callModel() : []
    }
}
