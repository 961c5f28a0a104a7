import Conversation
import Sessions

/// Writes one session's commits, numbered as a session does.
struct Writer {
    let store: any SessionStore
    let session: String
    var ownerTerm = 1
    private(set) var seq = 0
    private(set) var count = 0

    init(_ store: any SessionStore, session: String, ownerTerm: Int = 1) {
        self.store = store
        self.session = session
        self.ownerTerm = ownerTerm
    }

    static let owner = Owner(key: "anonymous:1")
    static let settings = SessionSettings(model: "m")

    mutating func next(_ changes: [SessionChange]) -> SessionCommit {
        count += 1
        seq += changes.count
        return SessionCommit(
            session: session, id: CommitID(rawValue: count), ownerTerm: ownerTerm, epoch: "e_1", lastSeq: seq,
            isAtRest: count.isMultiple(of: 2), time: 1_000 + Int64(count), changes: changes)
    }

    mutating func commit(_ changes: SessionChange...) async throws {
        try await store.commit(next(changes)).get()
    }

    mutating func create(
        owner: Owner = owner, ref: String? = nil, settings: SessionSettings = settings
    ) async throws {
        try await commit(.created(owner: owner, ref: ref, settings: settings, createdAt: 1_000))
    }

    /// Accepts the turn `t_<name>` with the message `u_<name>`, which follows `parent`.
    mutating func accept(_ name: String, after parent: String? = nil, text: String = "Hello") async throws {
        try await commit(
            .accepted(.named(name, settings: Self.settings), message: .user(name, after: parent, [.text(text)])),
            .head("a_\(name)"))
    }

    /// A whole exchange: `u_<name>` and `a_<name>`.
    mutating func exchange(
        _ name: String, after parent: String? = nil, text: String = "Hello", reply: [ContentBlock] = [.text("Hi")]
    ) async throws {
        try await accept(name, after: parent, text: text)
        try await commit(.started(turn: "t_\(name)"))
        try await commit(.ended(turn: "t_\(name)", reply: .reply(name, reply)))
    }

    func stored() async throws -> StoredSession? { try await store.session(session) }
}

extension SessionStore {
    func commit(_ commit: SessionCommit) async -> Result<Void, SessionStoreError> {
        await withCheckedContinuation { done in write(commit) { done.resume(returning: $0) } }
    }
}

extension AcceptedTurn {
    static func named(_ name: String, settings: SessionSettings) -> AcceptedTurn {
        AcceptedTurn(
            id: "t_\(name)", kind: .send, ref: "r_\(name)", parent: "u_\(name)", reply: "a_\(name)", seq: 1,
            settings: settings)
    }
}

extension Message {
    static func user(_ name: String, after parent: String? = nil, _ content: [ContentBlock]) -> Message {
        Message(
            id: "u_\(name)", parent: parent, role: .user, content: content, createdAt: 1_700_000_000_123,
            turn: "t_\(name)")
    }

    static func reply(_ name: String, _ content: [ContentBlock]) -> Message {
        Message(
            id: "a_\(name)", parent: "u_\(name)", role: .assistant, content: content, createdAt: 1_700_000_000_456,
            turn: "t_\(name)", model: "m", usage: Usage(inputTokens: 3, outputTokens: 5), status: .completed)
    }
}
