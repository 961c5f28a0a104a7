import ChatProtocol
import Conversation
import DequeModule
import Foundation
import JSON
import Logging
import Models
package import NIOCore

/// A chat session: the actor that owns a conversation's history and decides what of it a model gets to see.
///
/// It lives on one event loop and only appends to its log. It never touches a socket: followers are marked as due, and their
/// loop's `SessionLoop` reads on with their cursors. Whatever happens comes in by a call on its loop: a client's command, a
/// model's events, a commit's completion, a tool's result.
///
/// With nothing to do it rests: its history is on disk, and it keeps its settings and its log's end. Without a follower it
/// leaves memory altogether.
package actor ChatSession {
    /// The running turn with what belongs to it only while it runs. A class, so that a token does not copy it.
    final class Running {
        var turn: Turn
        let plan: ContextPlan
        /// The model that is asked: the turn's own, or its fallback.
        var model: String
        var call: (any ModelCall)?
        var tools: [String: Task<Void, Never>] = [:]
        let startedAt = NIODeadline.now()
        /// How long it has been at work, without the time that it awaited somebody; and until when that is counted.
        var worked = TimeAmount.zero
        var countedUntil = NIODeadline.now()
        var firstOutputAt: NIODeadline?
        /// The turn's first event.
        let firstSeq: Int
        /// The log keeps everything from here: of a turn that started at once, its acceptance too, which became visible with it.
        let keptSeq: Int
        /// Whether the commit of the turn's acceptance has completed. Before that it cannot end.
        var isAccepted: Bool
        /// How it ended before that.
        var heldEnd: TurnEnd?
        /// The call on which a person's word is being saved, and what of it waits on in the store.
        var deciding: (call: String, waiting: WaitingCall?)?
        /// Whether a restart brought it back.
        var isResumed = false

        init(turn: Turn, plan: ContextPlan, firstSeq: Int, keptSeq: Int, isAccepted: Bool) {
            self.keptSeq = keptSeq
            model = turn.settings.model
            self.turn = turn
            self.plan = plan
            self.firstSeq = firstSeq
            self.isAccepted = isAccepted
        }
    }

    /// How a turn ended.
    struct TurnEnd {
        var status: TurnStatus
        var stopReason: String?
        var error: TurnError?
        /// The command that ended it.
        var ref: String?
    }

    /// Where the history is.
    enum Presence {
        case loaded
        /// On disk only.
        case resting
        case loading
        /// Deleted, or never made.
        case gone
    }

    package nonisolated let id: String
    package nonisolated let owner: Owner
    nonisolated let loop: SessionLoop
    nonisolated let environment: SessionEnvironment
    nonisolated let residents: ResidentSessions

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.executor.asUnownedSerialExecutor() }

    /// Where it lives: a transport of this loop is sent everything in the same turn of the loop.
    package nonisolated var eventLoop: any EventLoop { loop.eventLoop }

    /// Names the numbering of the log.
    let epoch: String
    let ownerTerm: Int
    let createdAt: Int64
    /// Milliseconds since 1970: the last commit's time.
    var lastActiveAt: Int64
    /// As they were set, be it that the server does not offer all of it any more: `offeredSettings` count.
    var settings: SessionSettings
    var presence: Presence
    var log: SessionLog
    var followers: [FollowerID: Follower] = [:]

    // The history: empty while the session rests.
    var tree = MessageTree()
    /// The turns that were accepted, by the ids of their commands: the same id again has no second effect.
    var turns: [String: AcceptedTurn] = [:]
    /// Ids of commands whose turns were cleared away.
    var clearedRefs: Set<String> = []
    /// How turns that ended were told, by their id; the newest few, for a `cancel` that comes too late.
    var outcomes = RecentOutcomes()

    /// What the session has used today.
    var spending: DailySpending
    /// The reply of the turn that ended last, if that could not be saved.
    var unsavedReply: Message?

    var context = SessionContext()

    var running: Running?
    /// Which call to a model is heard: an event of an older one is dropped.
    var generation = 0
    /// The number before the first event of the turn that ended last, whose events the log keeps.
    var keptAfter = Int.max
    var queue: Deque<Turn> = []
    var admission: Admission?
    /// The turn whose acceptance is being saved.
    var accepting: String?

    var commits = CommitQueue()
    /// Commands wait while the history is read, and while one before them is being saved that may yet fail.
    var held: Deque<HeldCommand> = []
    var isTransacting = false
    /// The tools of followers that are gone and whose commands wait still.
    var departedTools: [FollowerID: [ToolDescription]] = [:]
    /// What waits until everything that the session knows may be seen.
    var settling: Deque<(SessionStoreError?) -> Void> = []
    /// What waits until all commands so far are carried out and saved.
    var answering: [() -> Void] = []
    /// What waits until no turn runs and everything is saved.
    var quieting: [() -> Void] = []
    /// When something happened last, and when the last follower left.
    var activeAt = NIODeadline.now()
    var unattendedAt: NIODeadline? = .now()

    struct HeldCommand {
        var command: ClientCommand
        var ref: String?
        var follower: FollowerID
    }

    /// A new session.
    init(
        owner: Owner, settings: SessionSettings, environment: SessionEnvironment, loop: SessionLoop,
        residents: ResidentSessions
    ) {
        id = Identifier.make(.session)
        epoch = Identifier.make(.epoch)
        ownerTerm = 1
        createdAt = Self.now
        lastActiveAt = createdAt
        // Until whoever made it follows it, and so has it saved. Another who said the same `open` waits for that.
        presence = .loading
        log = SessionLog()
        spending = DailySpending(day: 0, spending: Spending())
        self.owner = owner
        self.settings = settings
        self.environment = environment
        self.loop = loop
        self.residents = residents
    }

    /// A session that a store has. Its history is read by `wake`.
    init(
        _ stored: StoredSession, environment: SessionEnvironment, loop: SessionLoop, residents: ResidentSessions
    ) {
        id = stored.id
        // Numbers that someone may have seen could be given out again after an unclean end: another numbering.
        epoch = stored.isAtRest ? stored.epoch : Identifier.make(.epoch)
        ownerTerm = stored.ownerTerm + 1
        createdAt = stored.createdAt
        lastActiveAt = stored.lastActiveAt
        presence = .loading
        log = SessionLog(lastSeq: stored.lastSeq)
        spending = stored.spending ?? DailySpending(day: 0, spending: Spending())
        owner = stored.owner
        settings = stored.settings
        self.environment = environment
        self.loop = loop
        self.residents = residents
    }

    /// Runs `body` on the session's loop: at once where the caller is there already.
    package nonisolated func perform(_ body: @escaping @Sendable (isolated ChatSession) -> Void) {
        if loop.eventLoop.inEventLoop {
            assumeIsolated(body)
        } else {
            loop.eventLoop.execute { self.assumeIsolated(body) }
        }
    }

    /// Milliseconds since 1970.
    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    /// Runs `body` as soon as no commit is under way, so that everything the session knows may be seen.
    func whenSettled(_ body: @escaping (SessionStoreError?) -> Void) {
        settling.append(body)
        if presence == .resting { load() }
        settle()
    }

    /// Whether commands wait: something is being saved that may yet turn out never to have been.
    var mustWait: Bool { isTransacting || running?.isAccepted == false }

    /// Goes on with what waited, as far as it can.
    func settle() {
        while presence == .loaded || presence == .gone {
            if commits.isEmpty, let body = settling.popFirst() {
                body(nil)
            } else if !mustWait, let next = held.popFirst() {
                carryOut(next.command, ref: next.ref, from: next.follower)
                if held.isEmpty { departedTools = [:] }
            } else {
                break
            }
        }
        if commits.isEmpty, held.isEmpty, !answering.isEmpty {
            changed()
            let bodies = answering
            answering = []
            for body in bodies { body() }
        }
        // A turn that awaits somebody outlives the process.
        if running?.turn.isAwaiting ?? true, commits.isEmpty, !quieting.isEmpty {
            // Connections that close then are sent the last of it first.
            changed()
            let bodies = quieting
            quieting = []
            for body in bodies { body() }
        }
    }

    /// Runs `body` once all that was said so far is carried out, saved, and on its way to those who follow.
    package func whenAnswered(_ body: @escaping @Sendable () -> Void) {
        // Behind the sending, which runs at the end of what the loop is doing.
        answering.append { self.loop.eventLoop.execute(body) }
        settle()
    }

    /// Runs `body` as soon as no turn runs and nothing waits for the store: what the session has said is safe then.
    package func whenQuiet(_ body: @escaping @Sendable () -> Void) {
        quieting.append(body)
        settle()
    }
}
