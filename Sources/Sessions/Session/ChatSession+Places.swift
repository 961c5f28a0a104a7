import ChatProtocol
import Conversation
import NIOCore

// The place of the session's turn among all that run at once.
extension ChatSession {
    /// The turn that waited has its place now.
    func placeGiven(to turn: String) {
        // Unless it did not want it any more, and perhaps asked again.
        guard admission?.turn == turn, admission?.hasPlace == false, environment.places.has(turn) else { return }
        complete(turn) { $0.hasPlace = true }
        // Nothing starts any more before the end of the process; a turn that goes on may need the place.
        if running == nil, environment.drain.isDraining { dropAdmission() }
    }

    // MARK: Going on

    /// A turn that awaits somebody gives its place up.
    func yieldPlace() {
        guard let turn = running?.turn, turn.isAwaiting, admission?.turn == turn.accepted.id,
            admission?.hasPlace == true
        else { return }
        admission?.hasPlace = false
        admission?.toldPosition = nil
        environment.places.leave(turn.accepted.id)
    }

    /// Whether the running turn may call its model; if it gave its place up, it asks for one again. `callModel` is tried again
    /// once it has it.
    func holdsPlace() -> Bool {
        guard let id = running?.turn.accepted.id else { return false }
        if admission?.turn != id {
            // It came back with a restart.
            dropAdmission()
            admission = Admission(turn: id, hasPlace: false)
        }
        if admission?.hasPlace == false {
            admission?.hasPlace = environment.places.ask(for: id, of: self, isResumed: true)
        }
        return admission?.hasPlace == true
    }

    /// Whether the running turn does nothing: it awaits somebody, or its place.
    var isPaused: Bool {
        guard let turn = running?.turn else { return false }
        return turn.isAwaiting || (turn.phase == .calling && admission?.hasPlace == false)
    }

    // MARK: Positions

    /// The turn that waits for its place, and where it stands. None whose acceptance is not saved yet: nobody has seen of it.
    private var position: (turn: String, position: Int)? {
        guard let admission, !admission.hasPlace, admission.turn != accepting else { return nil }
        return environment.places.position(of: admission.turn).map { (admission.turn, $0) }
    }

    /// Tells those who follow where the turn stands that waits, where that has changed.
    func tellPosition() {
        guard let (_, position) = position, position != admission?.toldPosition else { return }
        // Behind the sending of what the log has: who is told of a turn knows it.
        changed()
        loop.eventLoop.execute { self.assumeIsolated { $0.sendPosition() } }
    }

    private func sendPosition() {
        guard let (turn, position) = position, position != admission?.toldPosition else { return }
        admission?.toldPosition = position
        let frame = Answer.queue(turn: turn, position: position).frame(ref: nil)
        for (id, follower) in followers where !follower.isOpening { answer(frame, to: id) }
    }

    /// Tells one who follows from now on.
    func tellPosition(to follower: FollowerID) {
        guard let (turn, position) = position else { return }
        answer(Answer.queue(turn: turn, position: position).frame(ref: nil), to: follower)
    }

    /// - Throws: `overloaded` where a turn would have to wait, and as many wait as may.
    func admitToPlaces() throws(CommandError) {
        guard running == nil, queue.isEmpty, environment.places.isFull(for: self) else { return }
        throw CommandError(
            .overloaded, "As many turns wait as may.", retryable: true, retryAfter: .seconds(10))
    }
}
