import Models
import NIOConcurrencyHelpers

/// The places of the turns that run at once in the process, given to those that wait in a fair order.
final class TurnPlaces: Sendable {
    private struct State {
        var queue: TurnQueue<Owner, String>
        /// What those that wait want to hear.
        var waiting: [String: @Sendable () -> Void] = [:]
    }

    private let state: NIOLockedValueBox<State>

    /// - Parameters:
    ///   - limit: turns that run at once.
    ///   - limitPerUser: those of one owner.
    init(limit: Int, limitPerUser: Int) {
        state = NIOLockedValueBox(State(queue: TurnQueue(limit: limit, limitPerUser: limitPerUser)))
    }

    /// Asks for a place. Without effect for a turn that has one or waits for one.
    ///
    /// - Parameter onPlace: called once the turn has got its place, on any thread, where it had to wait for it.
    func ask(
        for turn: String, of owner: Owner, isResumed: Bool = false, onPlace: @escaping @Sendable () -> Void
    ) -> TurnQueue<Owner, String>.Admission {
        state.withLockedValue { state in
            let admission = state.queue.add(turn, of: owner, isResumed: isResumed)
            if case .waiting = admission { state.waiting[turn] = onPlace }
            return admission
        }
    }

    /// The turn needs its place no more, or none any more.
    func leave(_ turn: String) {
        let placed = state.withLockedValue { state -> [@Sendable () -> Void] in
            state.waiting[turn] = nil
            return state.queue.remove(turn).compactMap { state.waiting.removeValue(forKey: $0) }
        }
        for onPlace in placed { onPlace() }
    }
}
