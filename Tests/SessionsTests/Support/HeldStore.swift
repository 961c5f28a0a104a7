import Conversation
import NIOConcurrencyHelpers
import Testing

@testable import Sessions

/// A process's way to a store in memory: it completes commits and loads when the test says so, or fails them.
///
/// Several over one `MemoryStore` are the lives of a server over one folder: one that holds for ever was killed.
final class HeldStore: SessionStore {
    typealias Completion = @Sendable (Result<Void, SessionStoreError>) -> Void

    private struct State {
        var isHolding = false
        var failure: SessionStoreError?
        var isMeant: @Sendable (SessionCommit) -> Bool = { _ in true }
        var held: [(SessionCommit, Completion)] = []
        var written: [SessionCommit] = []
        var loads = 0
        var loadFailure: SessionStoreError?
        var spendingFailure: SessionStoreError?
        var isHoldingLoads = false
        var waitingLoads: [CheckedContinuation<Void, Never>] = []
    }

    let memory: MemoryStore
    private let state = NIOLockedValueBox(State())

    init(_ memory: MemoryStore = MemoryStore()) { self.memory = memory }

    func write(_ commit: SessionCommit, completion: @escaping Completion) {
        let (isHeld, failure) = state.withLockedValue { state in
            if state.isHolding { state.held.append((commit, completion)) }
            return (state.isHolding, state.isMeant(commit) ? state.failure : nil)
        }
        if !isHeld { finish(commit, failure, completion) }
    }

    private func finish(_ commit: SessionCommit, _ failure: SessionStoreError?, _ completion: @escaping Completion) {
        if let failure { return completion(.failure(failure)) }
        memory.write(commit) { [state] result in
            if case .success = result { state.withLockedValue { $0.written.append(commit) } }
            completion(result)
        }
    }

    // MARK: Commits

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
        for (commit, completion) in held { finish(commit, failure, completion) }
    }

    /// The first that waits is written, or fails; the others go on waiting.
    func releaseFirst(failing failure: SessionStoreError? = nil) throws {
        let first = state.withLockedValue { $0.held.isEmpty ? nil : $0.held.removeFirst() }
        let (commit, completion) = try #require(first)
        finish(commit, failure, completion)
    }

    /// The first of those that wait fails, the others are written.
    func release(failingFirst failure: SessionStoreError) {
        try? releaseFirst(failing: failure)
        release()
    }

    /// Returns once so many commits wait.
    func untilHeld(_ count: Int = 1) async throws {
        try await eventually { self.state.withLockedValue { $0.held.count } >= count }
    }

    /// Every commit that is meant fails from now on; nil: none does.
    func fail(
        _ failure: SessionStoreError?, where isMeant: @escaping @Sendable (SessionCommit) -> Bool = { _ in true }
    ) {
        state.withLockedValue { ($0.failure, $0.isMeant) = (failure, isMeant) }
    }

    /// What was written.
    var written: [SessionCommit] { state.withLockedValue { $0.written } }

    // MARK: Loads

    /// How often a session was read.
    var loads: Int { state.withLockedValue { $0.loads } }

    func failLoads(_ failure: SessionStoreError?) { state.withLockedValue { $0.loadFailure = failure } }

    func failSpending(_ failure: SessionStoreError?) { state.withLockedValue { $0.spendingFailure = failure } }

    /// Loads wait from now on.
    func holdLoads() { state.withLockedValue { $0.isHoldingLoads = true } }

    func releaseLoads() {
        let waiting = state.withLockedValue { state in
            defer { state.waitingLoads = [] }
            state.isHoldingLoads = false
            return state.waitingLoads
        }
        for load in waiting { load.resume() }
    }

    func session(_ id: String) async throws(SessionStoreError) -> StoredSession? {
        await withCheckedContinuation { continuation in
            let isHeld = state.withLockedValue { state in
                state.loads += 1
                if state.isHoldingLoads { state.waitingLoads.append(continuation) }
                return state.isHoldingLoads
            }
            if !isHeld { continuation.resume() }
        }
        if let failure = state.withLockedValue({ $0.loadFailure }) { throw failure }
        return try await memory.session(id)
    }

    // MARK: As it is

    func sessions(
        of owner: Owner, createdBy ref: String?
    ) async throws(SessionStoreError) -> (made: String?, count: Int) {
        try await memory.sessions(of: owner, createdBy: ref)
    }

    func unfinishedSessions() async throws(SessionStoreError) -> [String] { try await memory.unfinishedSessions() }

    func summaries(
        of owner: Owner?, _ selection: SessionSelection, before: SessionSummary?, limit: Int
    ) async throws(SessionStoreError) -> [SessionSummary] {
        try await memory.summaries(of: owner, selection, before: before, limit: limit)
    }

    func matches(for text: String, in session: String, limit: Int) async throws(SessionStoreError) -> [String] {
        try await memory.matches(for: text, in: session, limit: limit)
    }

    func nearest(
        to vector: [Float], model: String, in session: String, limit: Int
    ) async throws(SessionStoreError) -> [String] {
        try await memory.nearest(to: vector, model: model, in: session, limit: limit)
    }

    func messagesToEmbed(
        model: String, in session: String, limit: Int
    ) async throws(SessionStoreError) -> [(id: String, text: String)] {
        try await memory.messagesToEmbed(model: model, in: session, limit: limit)
    }

    func spending(of owner: Owner, day: Int) async throws(SessionStoreError) -> Spending {
        if let failure = state.withLockedValue({ $0.spendingFailure }) { throw failure }
        return try await memory.spending(of: owner, day: day)
    }

    func calibrations() async throws(SessionStoreError) -> [String: TokenCalibration] {
        try await memory.calibrations()
    }

    func save(_ calibrations: [String: TokenCalibration]) async throws(SessionStoreError) {
        try await memory.save(calibrations)
    }
}

extension SessionStoreError {
    static let full = SessionStoreError.unavailable("disk full")
}

extension SessionCommit {
    /// Whether it has a change of that kind.
    func has(_ isMeant: (SessionChange) -> Bool) -> Bool { changes.contains(where: isMeant) }

    var ends: Bool { has { if case .ended = $0 { true } else { false } } }
    var accepts: Bool { has { if case .accepted = $0 { true } else { false } } }
    var starts: Bool { has { if case .started = $0 { true } else { false } } }
    var progresses: Bool { has { if case .progress = $0 { true } else { false } } }
    var creates: Bool { has { if case .created = $0 { true } else { false } } }
}
