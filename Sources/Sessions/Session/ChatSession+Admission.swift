import Conversation
import Models
import NIOCore

// What a turn needs before it starts: a place among those that run at once, and what its context policy looks up.
extension ChatSession {
    /// What the turn that runs, or that waits first, has of what it needs.
    struct Admission {
        let turn: String
        var hasPlace: Bool
        /// Looks up what its plan needs; nil: there is nothing, or all of it is here.
        var preparing: Task<Void, Never>?
        /// What was found, for its plan.
        var rankings: [[String]] = []
        /// What those who follow were told last of its place among those that wait.
        var toldPosition: Int?

        var isReady: Bool { hasPlace && preparing == nil }
    }

    /// The turn that can start now. What the first one lacks is asked for; once it is there, `startNext` is tried again.
    ///
    /// None whose acceptance is not saved yet: there may never have been such a turn.
    func readyTurn() -> Turn? {
        guard running == nil, !environment.drain.isDraining, let next = queue.first, next.accepted.id != accepting,
            isReady(next)
        else { return nil }
        return next
    }

    /// Whether a turn has all that it needs. What it lacks is asked for.
    func isReady(_ turn: Turn) -> Bool {
        let id = turn.accepted.id
        if admission?.turn != id {
            dropAdmission()
            admission = Admission(
                turn: id, hasPlace: environment.places.ask(for: id, of: self), preparing: prepare(turn))
        }
        return admission?.isReady == true
    }

    /// The turn has got something that it waited for.
    func complete(_ turn: String, _ change: (inout Admission) -> Void) {
        // Unless it was cancelled meanwhile.
        guard var admission, admission.turn == turn else { return }
        change(&admission)
        self.admission = admission
        if running?.turn.accepted.id == turn {
            if admission.isReady { callModel() }
        } else {
            startNext()
        }
        settle()
        changed()
    }

    /// Looks up what the turn's context policy decides by; nil: there is nothing to wait for.
    private func prepare(_ turn: Turn) -> Task<Void, Never>? {
        guard needsPreparing(turn) else { return nil }
        return Task {
            await lookUp(turn)
            guard !Task.isCancelled else { return }
            complete(turn.accepted.id) { $0.preparing = nil }
        }
    }

    /// Gives back what was asked for a turn that neither runs nor waits first any more.
    func reviewAdmission() {
        guard let id = admission?.turn, id != running?.turn.accepted.id, id != queue.first?.accepted.id else { return }
        dropAdmission()
    }

    func dropAdmission() {
        guard let admission else { return }
        self.admission = nil
        admission.preparing?.cancel()
        environment.places.leave(admission.turn)
    }
}
