package import ChatProtocol
package import Conversation
import Logging
import NIOConcurrencyHelpers
package import NIOCore
import Tools

/// Where sessions live. Nothing else knows: today always in this process.
package final class SessionDirectory: Sendable {
    /// The most sessions in memory. 100,000, at some kilobytes each: a machine of a few gigabytes holds them.
    package static let maximumSessions = 100_000
    /// The most sessions of one owner. 10,000: all programs on this machine are one owner, and a load test opens thousands.
    package static let maximumSessionsPerOwner = 10_000

    package let environment: SessionEnvironment
    let loops: [SessionLoop]
    private let loopsByID: [ObjectIdentifier: SessionLoop]
    private let residents = ResidentSessions()
    /// Sessions that are being read: nobody reads one beside them.
    private let loads = NIOLockedValueBox<[String: Task<ChatSession?, any Error>]>([:])

    /// - Parameter loops: one for each event loop that connections live on.
    package init(environment: SessionEnvironment, loops: [SessionLoop]) {
        self.environment = environment
        self.loops = loops
        loopsByID = Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0.eventLoop), $0) })
    }

    /// How many sessions are in memory.
    package var count: Int { residents.count }

    /// Whether the server is about to end: no turn starts any more.
    package var isDraining: Bool { environment.drain.isDraining }

    // MARK: Finding

    /// The session of that id, if it is the owner's; read from the store where it is not in memory. One that does not exist and
    /// one that is somebody else's get the same `not_found`.
    ///
    /// It is leased: it stays in memory until `ChatSession.follow` has been called on it, or `release`.
    ///
    /// - Parameter eventLoop: where the connection that asks lives.
    package func find(
        _ id: String, owner: Owner, on eventLoop: any EventLoop
    ) async throws(CommandError) -> ChatSession {
        let loop = try self.loop(eventLoop)
        let session: ChatSession?
        do {
            session = try await lease(id, on: loop)
        } catch {
            environment.logger.error("load failed", metadata: ["session": "\(id)", "error": "\(error)"])
            throw CommandError(.storage, "The session cannot be read now.", retryable: true)
        }
        if let session {
            if session.owner == owner { return session }
            release(session)
        }
        throw CommandError(.notFound, "There is no session \"\(id)\".", field: "session")
    }

    /// - Throws: `bad_field` where a client's tool has the name of one of the server's.
    package func check(_ open: ClientCommand.Open) throws(CommandError) {
        if let taken = open.clientTools.first(where: { environment.tools[$0.name] != nil }) {
            throw CommandError(
                .badField, "\"client_tools\" has \"\(taken.name)\", which is a tool of the server.",
                field: "client_tools")
        }
    }

    /// Ends a lease without following.
    package func release(_ session: ChatSession) {
        residents.release(session.id)
        // It may have wanted to leave memory meanwhile.
        session.perform { $0.leaveIfUnused() }
    }

    private func lease(_ id: String, on loop: SessionLoop) async throws -> ChatSession? {
        if let session = residents.lease(id) { return session }
        let load = loads.withLockedValue { loads in
            if let load = loads[id] { return load }
            // Again, now that no load can end unseen.
            if let session = residents.lease(id) {
                residents.release(id)
                return Task { session }
            }
            let load = Task { try await self.load(id, on: loop) }
            loads[id] = load
            return load
        }
        guard let session = try await load.value else { return nil }
        // Between the two it may have left again, if only in theory.
        if let leased = residents.lease(id), leased === session { return leased }
        return try await lease(id, on: loop)
    }

    private func load(_ id: String, on loop: SessionLoop) async throws -> ChatSession? {
        defer { loads.withLockedValue { $0[id] = nil } }
        guard let history = try await SessionHistory.read(id, from: environment.store) else { return nil }
        try await loadSpending(of: history.stored.owner)
        let session = residents.insert(
            ChatSession(history.stored, environment: environment, loop: loop, residents: residents))
        session.perform { $0.wake(history) }
        residents.release(id)
        return session
    }

    // MARK: Making

    /// Makes a session on `eventLoop`, where the connection that asks for it lives; leased, as by `find`.
    ///
    /// - Parameter ref: the id of the `open`; the same one again gives the same session.
    /// - Returns: the session, and whether it was made by this call.
    /// - Throws: `bad_field` for settings that cannot be, `quota_exceeded`, `overloaded`, `storage`.
    package func create(
        owner: Owner, ref: String?, settings change: SettingsChange?, on eventLoop: any EventLoop
    ) async throws(CommandError) -> (session: ChatSession, isNew: Bool) {
        let loop = try self.loop(eventLoop)
        let settings = try environment.settings(
            environment.defaults, changedBy: change ?? SettingsChange(), prefix: "create.")
        let key = ref.map { ResidentSessions.CreationKey(owner: owner, ref: $0) }
        if let key, let session = residents.lease(createdBy: key) { return (session, false) }
        let known: (made: String?, count: Int)
        do throws(SessionStoreError) {
            known = try await environment.store.sessions(of: owner, createdBy: ref)
            try await loadSpending(of: owner)
        } catch {
            environment.logger.error("the store cannot be read", metadata: ["error": "\(error)"])
            throw CommandError(.storage, "Sessions cannot be read now.", retryable: true)
        }
        if let made = known.made { return (try await find(made, owner: owner, on: eventLoop), false) }
        guard max(known.count, residents.count(of: owner)) < Self.maximumSessionsPerOwner else {
            throw CommandError(
                .quotaExceeded, "You have \(Self.maximumSessionsPerOwner) sessions, the most there can be.")
        }
        guard residents.count < Self.maximumSessions else {
            throw CommandError(.overloaded, "The server holds as many sessions as it can.", retryable: true)
        }
        let session = ChatSession(
            owner: owner, settings: settings, environment: environment, loop: loop, residents: residents)
        let resident = residents.insert(session, creation: key)
        return (resident, resident === session)
    }

    /// Before a session of theirs takes commands, what a user has used today is known.
    private func loadSpending(of owner: Owner) async throws(SessionStoreError) {
        guard environment.limits.spending.countsUsers else { return }
        let day = UTCDay.number(at: ChatSession.now)
        try await environment.ledger.load(
            owner, day: day, isResident: { residents.count(of: $0) > 0 }
        ) { () async throws(SessionStoreError) in
            try await environment.store.spending(of: owner, day: day)
        }
    }

    private func loop(_ eventLoop: any EventLoop) throws(CommandError) -> SessionLoop {
        guard let loop = loopsByID[ObjectIdentifier(eventLoop)] else {
            throw CommandError(.internal, "The connection's event loop takes no sessions.")
        }
        return loop
    }

    // MARK: Beginning and end

    /// Brings back the sessions whose turns had not ended when the process did: those that ran end as interrupted, those that
    /// waited run.
    ///
    /// - Throws: `SessionStoreError`.
    package func recover() async throws {
        await environment.loadCalibrations()
        for (number, id) in try await environment.store.unfinishedSessions().enumerated() {
            if let session = try await lease(id, on: loops[number % loops.count]) { release(session) }
        }
    }

    /// Lets the turns that run end, for so long; then they end as interrupted. No turn starts any more. Returns when nothing runs
    /// and everything is saved that can be.
    package func drain(for limit: Duration) async {
        environment.drain.begin()
        let timer = Task {
            try await Task.sleep(for: limit)
            interruptTurns()
        }
        for session in residents.all {
            await withCheckedContinuation { continuation in
                session.perform { session in session.whenQuiet { continuation.resume() } }
            }
        }
        timer.cancel()
        await environment.saveCalibrations()
    }

    /// Ends all turns that run, as interrupted.
    package func interruptTurns() {
        environment.drain.begin()
        for loop in loops {
            loop.eventLoop.execute {
                for session in loop.active { session.assumeIsolated { $0.interruptRunning() } }
            }
        }
    }
}
