import Models
import NIOConcurrencyHelpers
import NIOCore

/// The turns of all sessions that run at once in the process, and those that wait until one of them ends.
///
/// A session asks for a turn when it could start it, and says when that has ended or gives its place up. It calls from its own
/// loop; what comes back later comes on that loop too, never on the spot.
package final class TurnPlaces: Sendable {
    /// How many turns may run and wait.
    package struct Bounds: Hashable, Sendable {
        /// Turns at once in the process. 1,000: what the server was measured with. The bound that one's provider puts on calls
        /// at once is mostly lower, and the better number.
        package var turns = 1_000
        /// Turns at once of one user. 4: more than a person with some tabs reads, and a small part of the whole.
        package var turnsPerUser = 4
        /// Turns that wait, of all users together. 10,000: some hundred bytes each, and a wait that nobody would sit out.
        package var waiting = 10_000
        /// An owner that is no single user, and each of whose sessions counts as one: the programs of the server's own machine.
        package var sharedOwner: String? = "local"

        package init() {}
    }

    private struct State {
        var queue: TurnQueue<String, String>
        /// The sessions of the turns that wait.
        var waiting: [String: ChatSession] = [:]
        /// Where those stood a moment ago.
        var positions: [String: Int] = [:]
        var countedAt: NIODeadline?
    }

    /// How old the positions may be that are told. 1 s: sessions tell them no more often, and counting takes milliseconds where
    /// thousands wait.
    private static let countInterval = TimeAmount.seconds(1)

    private let bounds: Bounds
    private let state: NIOLockedValueBox<State>

    package init(_ bounds: Bounds = Bounds()) {
        self.bounds = bounds
        state = NIOLockedValueBox(
            State(
                queue: TurnQueue(
                    limit: bounds.turns, limitPerUser: bounds.turnsPerUser, waitingLimit: bounds.waiting)))
    }

    /// How many turns run and wait.
    package var counts: (running: Int, waiting: Int) {
        state.withLockedValue { ($0.queue.runningCount, $0.queue.waitingCount) }
    }

    /// Whether a new turn of that session would be one too many.
    func isFull(for session: ChatSession) -> Bool {
        state.withLockedValue { $0.queue.isFull(for: user(of: session)) }
    }

    /// Asks for a place for an accepted turn. Asking again changes nothing.
    ///
    /// - Parameter isResumed: it had one before, and goes before the other turns of its user.
    /// - Returns: whether it has one. If not, `ChatSession.placeGiven(to:)` is called once it does, unless `leave` was.
    func ask(for turn: String, of session: ChatSession, isResumed: Bool = false) -> Bool {
        state.withLockedValue { state in
            let admission = state.queue.add(turn, of: user(of: session), isAccepted: true, isResumed: isResumed)
            if admission != .started { state.waiting[turn] = session }
            return admission == .started
        }
    }

    /// Whether a turn has a place.
    func has(_ turn: String) -> Bool { state.withLockedValue { $0.queue.isRunning(turn) } }

    /// The turn has ended, or gives its place up, or does not want one any more. Without effect where it has none.
    func leave(_ turn: String) {
        let given = state.withLockedValue { state -> [(turn: String, session: ChatSession)] in
            state.waiting[turn] = nil
            return state.queue.remove(turn).compactMap { started in
                state.waiting.removeValue(forKey: started).map { (started, $0) }
            }
        }
        for (turn, session) in given {
            session.loop.eventLoop.execute { session.assumeIsolated { $0.placeGiven(to: turn) } }
        }
    }

    /// Where a waiting turn stands, from 1, as of the last second; nil where it does not wait.
    func position(of turn: String) -> Int? {
        state.withLockedValue { state in
            guard state.waiting[turn] != nil else { return nil }
            let now = NIODeadline.now()
            if state.countedAt.map({ now - $0 >= Self.countInterval }) ?? true {
                let order = state.queue.waiting.enumerated().map { ($0.element, $0.offset + 1) }
                state.positions = Dictionary(uniqueKeysWithValues: order)
                state.countedAt = now
            }
            return state.positions[turn] ?? state.queue.position(of: turn)
        }
    }

    private func user(of session: ChatSession) -> String {
        session.owner.key == bounds.sharedOwner ? "session:\(session.id)" : session.owner.key
    }
}
