package import Conversation
import NIOConcurrencyHelpers

/// A store that keeps everything in memory, for as long as the process lives.
package final class MemoryStore: SessionStore {
    private struct State {
        var records: [String: MemoryRecord] = [:]
        var spending: [Owner: [Int: Spending]] = [:]
        var calibrations: [String: TokenCalibration] = [:]
    }

    private let state = NIOLockedValueBox(State())

    package init() {}

    package func write(
        _ commit: SessionCommit, completion: @escaping @Sendable (Result<Void, SessionStoreError>) -> Void
    ) {
        let result = state.withLockedValue { state -> Result<Void, SessionStoreError> in
            do throws(SessionStoreError) {
                for (owner, spent) in try MemoryRecord.apply(commit, to: &state.records[commit.session]) {
                    state.spending[owner, default: [:]][spent.day, default: Spending()] += spent.spending
                }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        completion(result)
    }

    package func session(_ id: String) async throws(SessionStoreError) -> StoredSession? {
        state.withLockedValue { $0.records[id]?.session }
    }

    package func sessions(
        of owner: Owner, createdBy ref: String?
    ) async throws(SessionStoreError) -> (made: String?, count: Int) {
        state.withLockedValue { state in
            let own = state.records.values.filter { $0.session.owner == owner }
            return (ref.flatMap { ref in own.first { $0.ref == ref }?.session.id }, own.count)
        }
    }

    package func unfinishedSessions() async throws(SessionStoreError) -> [String] {
        state.withLockedValue { state in
            state.records.values.filter { $0.session.turns.contains { $0.state != .ended } }.map(\.session.id).sorted()
        }
    }

    package func summaries(
        of owner: Owner?, _ selection: SessionSelection, before: SessionSummary?, limit: Int
    ) async throws(SessionStoreError) -> [SessionSummary] {
        let all = state.withLockedValue { $0.records.values.map(\.session) }
        let meant = all.filter { owner == nil || $0.owner == owner }.filter(selection.contains)
        let sorted = meant.map { SessionSummary($0) }
            .sorted { ($0.lastActiveAt, $0.id) > ($1.lastActiveAt, $1.id) }
        let rest = sorted.drop { summary in
            before.map { (summary.lastActiveAt, summary.id) >= ($0.lastActiveAt, $0.id) } ?? false
        }
        return Array(rest.prefix(limit))
    }

    package func matches(
        for text: String, in session: String, limit: Int
    ) async throws(SessionStoreError) -> [String] {
        let messages = state.withLockedValue { $0.records[session]?.session.messages ?? [] }
        return WordSearch(messages).best(for: text, limit: limit)
    }

    package func nearest(
        to vector: [Float], model: String, in session: String, limit: Int
    ) async throws(SessionStoreError) -> [String] {
        let (messages, vectors) = state.withLockedValue { state in
            (state.records[session]?.session.messages ?? [], state.records[session]?.vectors[model] ?? [:])
        }
        var nearest = NearestVectors<String>(to: vector, limit: limit)
        for message in messages {
            vectors[message.id]?.withUnsafeBytes { nearest.show(message.id, $0) }
        }
        return nearest.ids
    }

    package func messagesToEmbed(
        model: String, in session: String, limit: Int
    ) async throws(SessionStoreError) -> [(id: String, text: String)] {
        state.withLockedValue { state in
            guard let record = state.records[session] else { return [] }
            let missing = record.session.messages.lazy.filter { record.vectors[model]?[$0.id] == nil }
                .map { (id: $0.id, text: $0.content.visibleText) }
            return Array(missing.filter { $0.text.contains { !$0.isWhitespace } }.prefix(limit))
        }
    }

    package func spending(of owner: Owner, day: Int) async throws(SessionStoreError) -> Spending {
        state.withLockedValue { $0.spending[owner]?[day] ?? Spending() }
    }

    package func calibrations() async throws(SessionStoreError) -> [String: TokenCalibration] {
        state.withLockedValue { $0.calibrations }
    }

    package func save(_ calibrations: [String: TokenCalibration]) async throws(SessionStoreError) {
        state.withLockedValue { $0.calibrations.merge(calibrations) { $1 } }
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

extension SessionSelection {
    fileprivate func contains(_ session: StoredSession) -> Bool {
        switch self {
        case .all: return true
        case .begun: return !session.settings.title.isEmpty || !session.messages.isEmpty
        case .matching(let text):
            let words = SearchWords.query(text.withoutDiacritics)
            let texts = [session.settings.title] + session.messages.map(\.content.searchedText)
            return !words.isEmpty
                && texts.contains { text in
                    let found = SearchWords.words(of: text.withoutDiacritics)
                    return words.allSatisfy { word in found.contains { $0.hasPrefix(word) } }
                }
        }
    }
}
