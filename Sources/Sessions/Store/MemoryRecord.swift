import Conversation

/// A session in memory, with what is not part of it as it is read.
struct MemoryRecord {
    var session: StoredSession
    /// The id of the `open` that made it.
    var ref: String?
    /// By model and message.
    var vectors: [String: [String: [Float]]] = [:]

    /// Applies a commit whole or not at all.
    /// - Returns: what it used, and whose that is
    static func apply(
        _ commit: SessionCommit, to slot: inout MemoryRecord?
    ) throws(SessionStoreError) -> [(Owner, DailySpending)] {
        if let current = slot?.session.ownerTerm, current > commit.ownerTerm { throw .outdatedTerm(current: current) }
        var record = slot
        var spendings: [(Owner, DailySpending)] = []
        for change in commit.changes {
            if case .created(let owner, let ref, let settings, let createdAt) = change {
                guard record == nil else { throw .inconsistent("The session exists.") }
                record = MemoryRecord(
                    session: StoredSession(
                        id: commit.session, owner: owner, ownerTerm: commit.ownerTerm, epoch: commit.epoch,
                        lastSeq: 0, isAtRest: true, settings: settings, createdAt: createdAt, lastActiveAt: createdAt),
                    ref: ref)
            } else if case .deleted = change {
                slot = nil
                return spendings
            } else {
                guard let owner = record?.session.owner else { throw .inconsistent("There is no such session.") }
                if case .spent(let day, let spending) = change {
                    spendings.append((owner, DailySpending(day: day, spending: spending)))
                }
                try record?.apply(change)
            }
        }
        guard record != nil else { throw .inconsistent("There is no such session.") }
        record?.session.ownerTerm = commit.ownerTerm
        record?.session.epoch = commit.epoch
        record?.session.lastSeq = commit.lastSeq
        record?.session.isAtRest = commit.isAtRest
        record?.session.lastActiveAt = commit.time
        slot = record
        return spendings
    }
}

extension MemoryRecord {
    private mutating func apply(_ change: SessionChange) throws(SessionStoreError) {
        switch change {
        case .created, .deleted: break
        case .settings(let settings): session.settings = settings
        case .accepted(let turn, let message):
            guard !session.turns.contains(where: { $0.accepted.id == turn.id || $0.accepted.ref == turn.ref }) else {
                throw .inconsistent("The turn exists.")
            }
            session.turns.append(StoredTurn(accepted: turn, state: .queued))
            if let message { session.messages.append(message) }
        case .started(let turn): session.turns[try index(of: turn)].state = .running
        case .progress(let turn, let pieces): session.turns[try index(of: turn)].pieces += pieces
        case .waiting(let turn, let calls): session.turns[try index(of: turn)].waiting = calls
        case .ended(let turn, let reply):
            let index = try index(of: turn)
            session.turns[index].state = .ended
            session.turns[index].pieces = []
            session.turns[index].waiting = []
            session.turns[index].accepted.clientTools = []
            session.messages.append(reply)
        case .head(let head): session.head = head
        case .summarised(let summary):
            if has(summary.lastMessage) { session.summaries.append(summary) }
        case .embedded(let model, let vectors):
            for vector in vectors where has(vector.message) {
                self.vectors[model, default: [:]][vector.message] = vector.values
            }
        case .spent(let day, let spending):
            let newest = session.spending ?? DailySpending(day: day, spending: Spending())
            if day == newest.day {
                session.spending = DailySpending(day: day, spending: newest.spending + spending)
            } else if day > newest.day {
                session.spending = DailySpending(day: day, spending: spending)
            }
        case .cleared:
            session.clearedRefs.formUnion(session.turns.map(\.accepted.ref))
            session.turns = []
            session.messages = []
            session.head = nil
            session.summaries = []
            vectors = [:]
        }
    }

    private func has(_ message: String) -> Bool { session.messages.contains { $0.id == message } }

    private func index(of turn: String) throws(SessionStoreError) -> Int {
        guard let index = session.turns.firstIndex(where: { $0.accepted.id == turn && $0.state != .ended }) else {
            throw .inconsistent("There is no open turn \(turn).")
        }
        return index
    }
}
