import ChatProtocol
import Conversation
import JSON

// A turn that is saved while it runs, and one that comes back.
extension Turn {
    // MARK: Checkpoints

    /// What the reply has that no checkpoint has taken: each call gives what is new since the one before.
    mutating func takeProgress() -> [ReplyPiece] {
        var pieces: [ReplyPiece] = []
        for item in firstUnsavedItem..<items.count {
            let new: ContentBlock?
            switch items[item] {
            case .block(var block):
                new = block.takeProgress()
                items[item] = .block(block)
            case .result(let result):
                // Results come whole: one that stands behind an open block has been taken before.
                new = item < savedResults ? nil : .toolResult(result)
                savedResults = max(savedResults, item + 1)
            }
            guard let new else { continue }
            pieces.append(ReplyPiece(number: pieceCount, item: item, block: new))
            pieceCount += 1
        }
        while firstUnsavedItem < items.count, isTaken(items[firstUnsavedItem]) { firstUnsavedItem += 1 }
        return pieces
    }

    private func isTaken(_ item: Item) -> Bool {
        if case .block(let block) = item { block.isSaved } else { true }
    }

    // MARK: Coming back

    /// A turn that awaited somebody when the process ended.
    ///
    /// - Parameters:
    ///   - pieces: the reply, as it was saved.
    ///   - waiting: the calls that wait still.
    init(
        resuming accepted: AcceptedTurn, provider: String, tools: TurnTools, pieces: [ReplyPiece],
        waiting: [WaitingCall]
    ) {
        self.init(accepted: accepted, provider: provider, tools: tools)
        for block in pieces.items { resume(block) }
        wait(for: waiting)
        let open = unansweredCalls.map(\.id)
        phase = .runningTools(Set(open))
        firstUnsavedItem = items.count
        savedResults = items.count
        pieceCount = (pieces.map(\.number).max() ?? -1) + 1
    }

    private mutating func resume(_ content: ContentBlock) {
        let kind: ReplyBlock.Kind
        var text = ""
        switch content {
        case .toolResult(let result):
            items.append(.result(result))
            return modify(call: result.call) { input, _ in (input, result) }
        case .text(let said): (kind, text) = (.text, said)
        case .thinking(let thinking): (kind, text) = (.thinking(signature: thinking.signature), thinking.text)
        case .toolCall(let call):
            kind = .toolCall(call: call.id, name: call.name, input: call.input, result: nil)
            text = call.input?.jsonText ?? ""
            calls.insert(call.id)
        case .opaque(let provider, let value): kind = .opaque(provider: provider, value)
        }
        // A call after a result is of a new round.
        if case .result? = items.last { round += 1 }
        round = max(round, 1)
        var block = addBlock(-1, kind, isDone: true)
        let run = DeltaRun(prefix: block.deltaPrefix, firstSeq: 1)
        text.withContiguousUTF8 { run.append($0) }
        block.runs = [run]
        block.isSaved = true
        replyBytes += text.utf8.count
        items[items.count - 1] = .block(block)
    }
}

extension String {
    fileprivate func withContiguousUTF8(_ body: (UnsafeRawBufferPointer) -> Void) {
        var text = self
        text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
