import NIOConcurrencyHelpers

/// The sessions that are in memory.
///
/// One that is found is *leased* until a connection follows it: between the two it must not leave memory, or a second one of
/// the same id could come to be beside it.
final class ResidentSessions: Sendable {
    struct CreationKey: Hashable {
        var owner: Owner
        var ref: String
    }

    private struct Resident {
        var session: ChatSession
        var leases: Int
        var creation: CreationKey?
    }

    private struct State {
        var residents: [String: Resident] = [:]
        var counts: [Owner: Int] = [:]
        var created: [CreationKey: String] = [:]
    }

    private let state = NIOLockedValueBox(State())

    var count: Int { state.withLockedValue { $0.residents.count } }

    var all: [ChatSession] { state.withLockedValue { $0.residents.values.map(\.session) } }

    /// How many sessions of an owner are here.
    func count(of owner: Owner) -> Int { state.withLockedValue { $0.counts[owner, default: 0] } }

    /// Leases the session of that id.
    func lease(_ id: String) -> ChatSession? {
        state.withLockedValue { state in
            state.residents[id]?.leases += 1
            return state.residents[id]?.session
        }
    }

    /// Leases the session that was made by that command.
    func lease(createdBy key: CreationKey) -> ChatSession? {
        state.withLockedValue { state in
            guard let id = state.created[key] else { return nil }
            state.residents[id]?.leases += 1
            return state.residents[id]?.session
        }
    }

    /// Adds a session and leases it, or leases the one that is here already: made by the same command, or of the same id.
    func insert(_ session: ChatSession, creation: CreationKey? = nil) -> ChatSession {
        state.withLockedValue { state in
            let id = creation.flatMap { state.created[$0] } ?? session.id
            if let existing = state.residents[id]?.session {
                state.residents[id]?.leases += 1
                return existing
            }
            state.residents[session.id] = Resident(session: session, leases: 1, creation: creation)
            state.counts[session.owner, default: 0] += 1
            if let creation { state.created[creation] = session.id }
            return session
        }
    }

    func release(_ id: String) {
        state.withLockedValue { $0.residents[id]?.leases -= 1 }
    }

    /// Removes a session.
    ///
    /// - Parameter force: also where it is leased; the holder meets a session that says it is gone.
    /// - Returns: false where it has to stay.
    func remove(_ session: ChatSession, force: Bool = false) -> Bool {
        state.withLockedValue { state in
            guard let resident = state.residents[session.id], resident.session === session,
                resident.leases == 0 || force
            else { return false }
            state.residents[session.id] = nil
            if let creation = resident.creation { state.created[creation] = nil }
            let count = state.counts[session.owner, default: 1] - 1
            state.counts[session.owner] = count > 0 ? count : nil
            return true
        }
    }
}
