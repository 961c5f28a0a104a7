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
    var phase: Phase = .queued
    var items: [Item] = []
    /// Which call to the model runs; grows with each. An event of an older call is dropped.
    var round = 0
    var blockCount = 0
    /// The ids of the turn's tool calls, and others that none of them may have.
    var calls: Set<String> = []
    var replyBytes = 0
    /// Where the last delta went: the running call's block, and its run in the log.
    var openRun: (callIndex: Int, run: DeltaRun)?
    /// The usage of the calls that are over, and of the one that runs.
    var usageBefore: Usage?
    var usageNow: Usage?
    /// Whether a model has said anything, be it that it begins.
    var isHeard = false
    /// How many pieces of the reply checkpoints have taken, and the first item that they have not taken whole.
    var pieceCount = 0
    var firstUnsavedItem = 0
    /// Tools' results before this item have been taken.
    var savedResults = 0
    /// The tools that the turn may use.
    let tools: TurnTools
    /// The calls that wait for somebody outside.
    var waiting: [String: WaitingCall] = [:]

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

    /// Takes ids of tool calls that the turn's own must not have: an answer that comes late must not be taken for another's.
    mutating func avoid(_ calls: Set<String>) { self.calls.formUnion(calls) }

    // MARK: What happens

    mutating func begin() -> [Action] {
        guard phase == .queued else { return [] }
        return callModel()
    }

    mutating func callModel() -> [Action] {
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
        case .started:
            isHeard = true
            return []
        case .delta, .retrying:
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

    /// Stops the turn wherever it is; without effect once it has ended.
    mutating func stop(_ status: TurnStatus, error: TurnError? = nil) -> [Action] {
        switch phase {
        case .queued: return end(status, error: error)
        case .calling: return [.cancelCall] + closeOpenBlocks(partial: true) + end(status, error: error)
        case .runningTools: return [.cancelTools] + end(status, error: error)
        case .ended: return []
        }
    }

    private mutating func end(_ status: TurnStatus, stopReason: String? = nil, error: TurnError? = nil) -> [Action] {
        phase = .ended
        return [.end(status, stopReason: stopReason, error: error)]
    }

    // MARK: Blocks

    mutating func addBlock(_ callIndex: Int, _ kind: ReplyBlock.Kind, isDone: Bool = false) -> ReplyBlock {
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

    mutating func closeOpenBlocks(partial: Bool) -> [Action] {
        items.indices.flatMap { closeBlock(at: $0, partial: partial) }
    }

    var unansweredCalls: [ToolCall] {
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
    /// - Returns: false where the reply is longer than `limitBytes`.
    mutating func appendDelta(
        _ callIndex: Int, byteCount: Int, limitBytes: Int = Turn.maximumReplyBytes,
        _ append: (DeltaRun?, ByteBuffer) -> DeltaRun
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
        return replyBytes <= limitBytes
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

    /// The bytes that the reply holds so far.
    var byteCount: Int { replyBytes }
}
