import NIOConcurrencyHelpers

@testable import Sessions

/// A store in memory that completes commits when the test says so, or fails them.
final class HeldStore: SessionStore {
    typealias Completion = @Sendable (Result<Void, SessionStoreError>) -> Void

    private struct State {
        var isHolding = false
        var failure: SessionStoreError?
        var held: [(SessionCommit, Completion)] = []
    }

    private let memory = MemoryStore()
    private let state = NIOLockedValueBox(State())

    func write(_ commit: SessionCommit, completion: @escaping Completion) {
        let (isHeld, failure) = state.withLockedValue { state in
            if state.isHolding { state.held.append((commit, completion)) }
            return (state.isHolding, state.failure)
        }
        if isHeld { return }
        if let failure { completion(.failure(failure)) } else { memory.write(commit, completion: completion) }
    }

    /// Commits wait from now on.
    func hold() { state.withLockedValue { $0.isHolding = true } }

    /// Those that wait are written, or fail; the later ones are written at once.
    func release(failing failure: SessionStoreError? = nil) {
        let held = state.withLockedValue { state in
            defer { state.isHolding = false }
            let held = state.held
            state.held = []
            return held
        }
        for (commit, completion) in held {
            if let failure { completion(.failure(failure)) } else { memory.write(commit, completion: completion) }
        }
    }

    /// Returns once so many commits wait.
    func untilHeld(_ count: Int = 1) async throws {
        while state.withLockedValue({ $0.held.count }) < count { try await Task.sleep(for: .milliseconds(1)) }
    }

    /// The first of those that wait fails, the others are written.
    func release(failingFirst failure: SessionStoreError) {
        let first = state.withLockedValue { $0.held.isEmpty ? nil : $0.held.removeFirst() }
        first?.1(.failure(failure))
        release()
    }

    /// Every commit fails from now on; nil: none does.
    func fail(_ failure: SessionStoreError?) { state.withLockedValue { $0.failure = failure } }

    func session(_ id: String) async throws(SessionStoreError) -> StoredSession? { try await memory.session(id) }

    func sessions(
        of owner: Owner, createdBy ref: String?
    ) async throws(SessionStoreError) -> (made: String?, count: Int) {
        try await memory.sessions(of: owner, createdBy: ref)
    }

    func unfinishedSessions() async throws(SessionStoreError) -> [String] { try await memory.unfinishedSessions() }

    func summaries(
        of owner: Owner?, before: SessionSummary?, limit: Int
    ) async throws(SessionStoreError) -> [SessionSummary] {
        try await memory.summaries(of: owner, before: before, limit: limit)
    }
}
