import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore

/// A turn's life from its acceptance to its one end, as a state machine: what happened goes in, what is to be done comes out.
///
/// It knows no socket, clock or task. Deltas go past it (`blockForDelta`): they are too many for actions.
struct Turn {
    /// The most calls to the model in one turn: rounds of tools, and pauses that are continued. 10 is more than any of the
    /// examples that providers document, and few enough that a model going in circles stops.
    static let maximumRounds = 10
    /// The most tool calls in one round. 32: providers' parallel calls are a handful.
    static let maximumCallsInRound = 32
    /// The longest reply in bytes, all its blocks together. 4 MiB is beyond what any model says in a turn today.
    static let maximumReplyBytes = 4 * 1024 * 1024
    /// What a turn ends with whose reply is longer.
    static var replyTooLong: TurnError {
        TurnError(
            .tooLarge, message: "The reply is longer than \(maximumReplyBytes) bytes, the most there can be.",
            retryable: false)
    }
    /// The longest JSON text of a tool call's input, in bytes. 64 KiB: `tool.started` must fit a server frame.
    static let maximumToolInputBytes = 64 * 1024

    enum Phase: Equatable {
        case queued
        /// A call to the model runs.
        case calling
        /// The tools of a round run, or wait; the ids of those that have not answered yet.
        case runningTools(Set<String>)
        case ended
    }

    /// What the session is to do next.
    enum Action: Equatable {
        case blockStarted(index: Int, LiveBlock.Kind)
        case blockDone(index: Int, partial: Bool, input: JSONValue?)
        /// Run these; an answer for each comes back by `toolFinished`.
        case runTools([ToolCall])
        /// Have the client run these; the same.
        case runOnClient([ToolCall])
        /// Ask a person whether these may run; the word comes back by `approved`, or as a result by `toolFinished`.
        case askApproval([ToolCall])
        /// Put this result in without running anything.
        case answerTool(ToolResult)
        /// Call the model (again), with the reply so far.
        case callModel
        case cancelCall
        case cancelTools
        case end(TurnStatus, stopReason: String?, error: TurnError?)
    }

    /// A piece of the reply, in the order in which it happened.
    enum Item {
        case block(ReplyBlock)
        case result(ToolResult)
    }

    let accepted: AcceptedTurn
    /// The provider that opaque blocks belong to.
    let provider: String
    private(set) var phase: Phase = .queued
    private(set) var items: [Item] = []
    /// Which call to the model runs; grows with each. An event of an older call is dropped.
    private(set) var round = 0
    private var blockCount = 0
    /// The ids of the turn's tool calls.
    private var calls: Set<String> = []
    private var replyBytes = 0
    /// Where the last delta went: the running call's block, and its run in the log.
    private var openRun: (callIndex: Int, run: DeltaRun)?
    /// The usage of the calls that are over, and of the one that runs.
    private var usageBefore: Usage?
    private var usageNow: Usage?
    /// How many pieces of the reply checkpoints have taken, and the first item that they have not taken whole.
    private var pieceCount = 0
    private var firstUnsavedItem = 0
    /// Tools' results before this item have been taken.
    private var savedResults = 0
    /// The tools that the turn may use.
    let tools: TurnTools
    /// The calls that wait for somebody outside.
    private(set) var waiting: [String: WaitingCall] = [:]

    init(accepted: AcceptedTurn, provider: String, tools: TurnTools = TurnTools()) {
        self.accepted = accepted
        self.provider = provider
        self.tools = tools
    }

    var settings: SessionSettings { accepted.settings }

    /// What the provider counted so far; nil where it never said.
    var reportedUsage: Usage? {
        guard let usageBefore else { return usageNow }
        return usageNow.map { usageBefore + $0 } ?? usageBefore
    }

    // MARK: What happens

    mutating func begin() -> [Action] {
        guard phase == .queued else { return [] }
        return callModel()
    }

    private mutating func callModel() -> [Action] {
        phase = .calling
        round += 1
        openRun = nil
        usageBefore = reportedUsage
        usageNow = nil
        return [.callModel]
    }

    /// An event of the running call, deltas excepted.
    mutating func received(_ event: ModelEvent) -> [Action] {
        guard phase == .calling else { return [] }
        switch event {
        case .started, .delta, .retrying:
            return []
        case .blockStarted(let callIndex, let kind):
            return [startBlock(callIndex, kind)]
        case .signature(let callIndex, let signature):
            modify(callIndex) { $0.kind = .thinking(signature: signature) }
            return []
        case .blockDone(let callIndex):
            guard let position = position(of: callIndex) else { return [] }
            return closeBlock(at: position, partial: false)
        case .opaque(let callIndex, let value):
            replyBytes += value.jsonText.utf8.count
            guard replyBytes <= Self.maximumReplyBytes else { return stop(.truncated, error: Self.replyTooLong) }
            let block = addBlock(callIndex, .opaque(provider: provider, value), isDone: true)
            return [
                .blockStarted(index: block.index, .opaque), .blockDone(index: block.index, partial: false, input: nil),
            ]
        case .usage(let usage):
            usageNow = usage
            return []
        case .stopped(let reason):
            return stopped(reason)
        case .failed(let error):
            return closeOpenBlocks(partial: true)
                + end(error.code == .truncated ? .truncated : .failed, error: TurnError(error))
        }
    }

    private mutating func stopped(_ reason: StopReason) -> [Action] {
        let actions = closeOpenBlocks(partial: false)
        let calls = unansweredCalls
        switch reason.meaning {
        // Some compatible servers say that a turn ended although they want tools run.
        case .toolUse, .endTurn, .stopSequence, .other:
            guard !calls.isEmpty else {
                return actions + end(.completed, stopReason: reason.word)
            }
            guard round < Self.maximumRounds, calls.count <= Self.maximumCallsInRound else {
                return actions + end(.toolLimit, stopReason: reason.word)
            }
            phase = .runningTools(Set(calls.map(\.id)))
            return actions + route(calls)
        case .pauseTurn:
            // Anthropic: "you may provide the response back as-is in a subsequent request to let the model continue".
            guard round < Self.maximumRounds else { return actions + end(.toolLimit, stopReason: reason.word) }
            return actions + callModel()
        case .maxTokens: return actions + end(.maxTokens, stopReason: reason.word)
        case .refusal: return actions + end(.refused, stopReason: reason.word)
        case .contentFilter: return actions + end(.filtered, stopReason: reason.word)
        case .contextExceeded: return actions + end(.contextExceeded, stopReason: reason.word)
        }
    }

    /// Where each call goes: what is wrong is answered at once.
    private func route(_ calls: [ToolCall]) -> [Action] {
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
    private mutating func change(_ call: String, _ change: (inout ReplyBlock) -> Void) {
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

    /// Stops the turn wherever it is; without effect once it has ended.
    mutating func stop(_ status: TurnStatus, error: TurnError? = nil) -> [Action] {
        switch phase {
        case .queued: return end(status, error: error)
        case .calling: return [.cancelCall] + closeOpenBlocks(partial: true) + end(status, error: error)
        case .runningTools: return [.cancelTools] + end(status, error: error)
        case .ended: return []
        }
    }

    // MARK: Coming back

    /// A turn that awaited somebody when the process ended, with the reply that was saved.
    ///
    /// - Parameter waiting: the calls that wait still.
    init(
        resuming accepted: AcceptedTurn, provider: String, tools: TurnTools, content: [ContentBlock],
        waiting: [WaitingCall]
    ) {
        self.init(accepted: accepted, provider: provider, tools: tools)
        for block in content { resume(block) }
        wait(for: waiting)
        let open = unansweredCalls.map(\.id)
        phase = .runningTools(Set(open))
        firstUnsavedItem = items.count
        savedResults = items.count
        // Beyond whatever number was used before.
        pieceCount = 1 << 32
    }

    private mutating func resume(_ content: ContentBlock) {
        let kind: ReplyBlock.Kind
        var text = ""
        switch content {
        case .toolResult(let result):
            items.append(.result(result))
            change(result.call) { block in
                guard case .toolCall(let call, let name, let input, _) = block.kind else { return }
                block.kind = .toolCall(call: call, name: name, input: input, result: result)
            }
            return
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
        replyBytes += text.utf8.count
        items[items.count - 1] = .block(block)
    }

    private mutating func end(_ status: TurnStatus, stopReason: String? = nil, error: TurnError? = nil) -> [Action] {
        phase = .ended
        return [.end(status, stopReason: stopReason, error: error)]
    }

    // MARK: Blocks

    private mutating func addBlock(_ callIndex: Int, _ kind: ReplyBlock.Kind, isDone: Bool = false) -> ReplyBlock {
        let block = ReplyBlock(
            index: blockCount, round: round, callIndex: callIndex, kind: kind,
            deltaPrefix: DeltaFrame.prefix(turn: accepted.id, index: blockCount), isDone: isDone)
        blockCount += 1
        items.append(.block(block))
        return block
    }

    private mutating func startBlock(_ callIndex: Int, _ kind: BlockKind) -> Action {
        let block =
            switch kind {
            case .text: addBlock(callIndex, .text)
            case .thinking: addBlock(callIndex, .thinking(signature: nil))
            case .toolCall(let id, let name):
                addBlock(callIndex, .toolCall(call: uniqueCall(id), name: name, input: nil, result: nil))
            }
        return .blockStarted(index: block.index, block.wireKind)
    }

    /// The provider's id of a tool call, or one of ours where the turn has used it already (some servers count from 0 in each
    /// round) or where it is none that the protocol knows.
    private mutating func uniqueCall(_ id: String) -> String {
        if Identifier.isValid(id), calls.insert(id).inserted { return id }
        let made = Identifier.make(.call)
        calls.insert(made)
        return made
    }

    /// Where the running call's block stands; from the end, since it is nearly always the last.
    private func position(of callIndex: Int) -> Int? {
        items.lastIndex { item in
            if case .block(let block) = item { block.callIndex == callIndex && block.round == round } else { false }
        }
    }

    private mutating func modify(_ callIndex: Int, _ change: (inout ReplyBlock) -> Void) {
        guard let position = position(of: callIndex), case .block(var block) = items[position] else { return }
        change(&block)
        items[position] = .block(block)
    }

    private mutating func closeBlock(at position: Int, partial: Bool) -> [Action] {
        guard case .block(var block) = items[position], !block.isDone else { return [] }
        block.isDone = true
        var input: JSONValue?
        if case .toolCall(let call, let name, _, let result) = block.kind, !partial {
            let bytes = block.bytes
            // A call without arguments may come without any input at all.
            input = bytes.isEmpty ? .object([:]) : try? JSONValue(parsing: bytes)
            if bytes.count > Self.maximumToolInputBytes { input = nil }
            block.kind = .toolCall(call: call, name: name, input: input, result: result)
        }
        items[position] = .block(block)
        return [.blockDone(index: block.index, partial: partial, input: input)]
    }

    private mutating func closeOpenBlocks(partial: Bool) -> [Action] {
        items.indices.flatMap { closeBlock(at: $0, partial: partial) }
    }

    private var unansweredCalls: [ToolCall] {
        items.compactMap { item in
            guard case .block(let block) = item, case .toolCall(let id, let name, let input, nil) = block.kind,
                block.round == round
            else { return nil }
            return ToolCall(id: id, name: name, input: input)
        }
    }

    // MARK: Deltas

    /// Takes a delta of the running call into a block: `append` gets the run that the block's last delta went into and says
    /// which one took this.
    ///
    /// - Returns: false where the reply is longer than a reply may be.
    mutating func appendDelta(
        _ callIndex: Int, byteCount: Int, _ append: (DeltaRun?, ByteBuffer) -> DeltaRun
    ) -> Bool {
        guard phase == .calling else { return true }
        replyBytes += byteCount
        // Nearly every delta goes on where the one before ended: looking up its block would cost more than the rest.
        if let open = openRun, open.callIndex == callIndex {
            let run = append(open.run, open.run.prefix)
            if run !== open.run { add(run, toBlock: callIndex) }
        } else if let position = position(of: callIndex), case .block(let block) = items[position] {
            let last = block.runs.last
            let run = append(last, block.deltaPrefix)
            if run === last { openRun = (callIndex, run) } else { add(run, toBlock: callIndex) }
        }
        return replyBytes <= Self.maximumReplyBytes
    }

    private mutating func add(_ run: DeltaRun, toBlock callIndex: Int) {
        modify(callIndex) { $0.runs.append(run) }
        openRun = (callIndex, run)
    }

    // MARK: What came of it

    /// The reply as it stands.
    var content: [ContentBlock] {
        items.compactMap { item in
            switch item {
            case .block(let block): block.content
            case .result(let result): .toolResult(result)
            }
        }
    }

    var liveBlocks: [LiveBlock] {
        items.compactMap { item in if case .block(let block) = item { block.live } else { nil } }
    }

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

    /// The bytes that the reply holds so far.
    var byteCount: Int { replyBytes }
}

extension String {
    fileprivate func withContiguousUTF8(_ body: (UnsafeRawBufferPointer) -> Void) {
        var text = self
        text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
