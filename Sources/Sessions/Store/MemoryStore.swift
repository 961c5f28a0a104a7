import Conversation
import NIOConcurrencyHelpers

/// A store that keeps everything in memory, for as long as the process lives.
package final class MemoryStore: SessionStore {
    private struct Record {
        var session: StoredSession
        var ref: String?
    }

    private let records = NIOLockedValueBox<[String: Record]>([:])

    package init() {}

    package func write(
        _ commit: SessionCommit, completion: @escaping @Sendable (Result<Void, SessionStoreError>) -> Void
    ) {
        let result = records.withLockedValue { records -> Result<Void, SessionStoreError> in
            do throws(SessionStoreError) {
                try Self.apply(commit, to: &records[commit.session])
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        completion(result)
    }

    package func session(_ id: String) async throws(SessionStoreError) -> StoredSession? {
        records.withLockedValue { $0[id]?.session }
    }

    package func sessions(
        of owner: Owner, createdBy ref: String?
    ) async throws(SessionStoreError) -> (made: String?, count: Int) {
        records.withLockedValue { records in
            let own = records.values.filter { $0.session.owner == owner }
            return (ref.flatMap { ref in own.first { $0.ref == ref }?.session.id }, own.count)
        }
    }

    package func unfinishedSessions() async throws(SessionStoreError) -> [String] {
        records.withLockedValue { records in
            records.values.filter { $0.session.turns.contains { $0.state != .ended } }.map(\.session.id).sorted()
        }
    }

    package func summaries(
        of owner: Owner?, before: SessionSummary?, limit: Int
    ) async throws(SessionStoreError) -> [SessionSummary] {
        let all = records.withLockedValue { $0.values.map { SessionSummary($0.session) } }
        let sorted = all.filter { owner == nil || $0.owner == owner }
            .sorted { ($0.lastActiveAt, $0.id) > ($1.lastActiveAt, $1.id) }
        let rest = sorted.drop { summary in
            before.map { (summary.lastActiveAt, summary.id) >= ($0.lastActiveAt, $0.id) } ?? false
        }
        return Array(rest.prefix(limit))
    }

    private static func apply(_ commit: SessionCommit, to slot: inout Record?) throws(SessionStoreError) {
        if let current = slot?.session.ownerTerm, current > commit.ownerTerm { throw .outdatedTerm(current: current) }
        var record = slot
        for change in commit.changes {
            if case .created(let owner, let ref, let settings, let createdAt) = change {
                guard record == nil else { throw .inconsistent("The session exists.") }
                record = Record(
                    session: StoredSession(
                        id: commit.session, owner: owner, ownerTerm: commit.ownerTerm, epoch: commit.epoch,
                        lastSeq: 0, isAtRest: true, settings: settings, createdAt: createdAt, lastActiveAt: createdAt),
                    ref: ref)
            } else if case .deleted = change {
                slot = nil
                return
            } else {
                guard record != nil else { throw .inconsistent("There is no such session.") }
                try record?.session.apply(change)
            }
        }
        guard record != nil else { throw .inconsistent("There is no such session.") }
        record?.session.ownerTerm = commit.ownerTerm
        record?.session.epoch = commit.epoch
        record?.session.lastSeq = commit.lastSeq
        record?.session.isAtRest = commit.isAtRest
        record?.session.lastActiveAt = commit.time
        slot = record
    }
}

extension StoredSession {
    fileprivate mutating func apply(_ change: SessionChange) throws(SessionStoreError) {
        switch change {
        case .created, .deleted: break
        case .settings(let settings): self.settings = settings
        case .accepted(let turn, let message):
            guard !turns.contains(where: { $0.accepted.id == turn.id || $0.accepted.ref == turn.ref }) else {
                throw .inconsistent("The turn exists.")
            }
            turns.append(StoredTurn(accepted: turn, state: .queued))
            if let message { messages.append(message) }
        case .started(let turn): turns[try index(of: turn)].state = .running
        case .progress(let turn, let pieces): turns[try index(of: turn)].pieces += pieces
        case .waiting(let turn, let calls): turns[try index(of: turn)].waiting = calls
        case .ended(let turn, let reply):
            let index = try index(of: turn)
            turns[index].state = .ended
            turns[index].pieces = []
            turns[index].waiting = []
            turns[index].accepted.clientTools = []
            messages.append(reply)
        case .head(let head): self.head = head
        case .cleared:
            clearedRefs.formUnion(turns.map(\.accepted.ref))
            turns = []
            messages = []
            head = nil
        }
    }

    private func index(of turn: String) throws(SessionStoreError) -> Int {
        guard let index = turns.firstIndex(where: { $0.accepted.id == turn && $0.state != .ended }) else {
            throw .inconsistent("There is no open turn \(turn).")
        }
        return index
    }
}

extension SessionSummary {
    fileprivate init(_ session: StoredSession) {
        let first = session.messages.first { $0.parent == nil && $0.role == .user }
        let words = first?.content.firstText ?? ""
        self.init(
            id: session.id, owner: session.owner, title: session.settings.title,
            firstWords: words.firstScalars(Self.firstWordsScalars), messageCount: session.messages.count,
            createdAt: session.createdAt, lastActiveAt: session.lastActiveAt)
    }
}

extension [ContentBlock] {
    /// The first text block's text.
    package var firstText: String? {
        for case .text(let text) in self { return text }
        return nil
    }
}
