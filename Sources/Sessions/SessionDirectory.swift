package import ChatProtocol
package import Conversation
import Models
import NIOConcurrencyHelpers
package import NIOCore
import Tools

/// Where sessions live. Nothing else knows: today always in this process.
package final class SessionDirectory: Sendable {
    /// The most sessions in memory. 100,000, at some kilobytes each: a machine of a few gigabytes holds them.
    package static let maximumSessions = 100_000
    /// The most sessions of one owner. 10,000: all programs on this machine are one owner, and a load test opens thousands.
    package static let maximumSessionsPerOwner = 10_000

    private struct CreationKey: Hashable {
        var owner: Owner
        var ref: String
    }

    private struct State {
        var sessions: [String: ChatSession] = [:]
        var counts: [Owner: Int] = [:]
        var created: [CreationKey: String] = [:]
    }

    package let environment: SessionEnvironment
    private let loops: [ObjectIdentifier: SessionLoop]
    private let state = NIOLockedValueBox(State())

    /// - Parameter loops: one for each event loop that connections live on.
    package init(environment: SessionEnvironment, loops: [SessionLoop]) {
        self.environment = environment
        self.loops = Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0.eventLoop), $0) })
    }

    /// The session of that id, if it is the owner's. One that does not exist and one that is somebody else's get the same
    /// `not_found`.
    package func find(_ id: String, owner: Owner) throws(CommandError) -> ChatSession {
        let session = state.withLockedValue { $0.sessions[id] }
        guard let session, session.owner == owner else {
            throw CommandError(.notFound, "There is no session \"\(id)\".", field: "session")
        }
        return session
    }

    /// Makes a session on `eventLoop`, where the connection that asks for it lives.
    ///
    /// - Parameter ref: the id of the `open`; the same one again gives the same session.
    /// - Returns: the session, and whether it was made by this call.
    /// - Throws: `bad_field` for settings that cannot be, `quota_exceeded`, `overloaded`.
    package func create(
        owner: Owner, ref: String?, settings change: SettingsChange?, on eventLoop: any EventLoop
    ) throws(CommandError) -> (session: ChatSession, isNew: Bool) {
        guard let loop = loops[ObjectIdentifier(eventLoop)] else {
            throw CommandError(.internal, "The connection's event loop takes no sessions.")
        }
        let settings = try environment.settings(
            environment.defaults, changedBy: change ?? SettingsChange(), prefix: "create.")
        let session = ChatSession(owner: owner, settings: settings, environment: environment, loop: loop)
        let key = ref.map { CreationKey(owner: owner, ref: $0) }
        let result: Result<(ChatSession, Bool), CommandError> = state.withLockedValue { state in
            if let key, let existing = state.created[key].flatMap({ state.sessions[$0] }) {
                return .success((existing, false))
            }
            guard state.counts[owner, default: 0] < Self.maximumSessionsPerOwner else {
                return .failure(
                    CommandError(
                        .quotaExceeded, "You have \(Self.maximumSessionsPerOwner) sessions, the most there can be."))
            }
            guard state.sessions.count < Self.maximumSessions else {
                return .failure(
                    CommandError(.overloaded, "The server holds as many sessions as it can.", retryable: true))
            }
            state.sessions[session.id] = session
            state.counts[owner, default: 0] += 1
            if let key { state.created[key] = session.id }
            return .success((session, true))
        }
        let made = try result.get()
        return (session: made.0, isNew: made.1)
    }

    package var count: Int { state.withLockedValue { $0.sessions.count } }
}
