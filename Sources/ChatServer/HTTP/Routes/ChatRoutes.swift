import ChatProtocol
import Conversation
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import Sessions

/// The chat over plain HTTP: docs/protocol.md, "Over plain HTTP". The same sessions, frames and identities as the WebSocket's.
struct ChatRoutes: Sendable {
    typealias Handler = @Sendable (ChatCall) async throws -> Response

    let directory: SessionDirectory
    let identityRule: IdentityRule
    /// Of streams and of responses that are waited for, each; one more is refused with 503.
    let maximumStreams: Int
    let streams = OpenConnections()

    private var routes: [(method: HTTPRequest.Method, path: String, handler: Handler)] {
        [
            (.post, "/chat", chat),
            (.post, "/chat/stream/:session", streamTurn),
            (.get, "/sessions", list),
            (.post, "/sessions", make),
            (.patch, "/sessions/:session", configure),
            (.delete, "/sessions/:session", delete),
            (.get, "/sessions/:session/events", events),
            (.post, "/sessions/:session/frames", frames),
            (.get, "/sessions/:session/history", history),
            (.get, "/sessions/:session/stats", stats),
            (.get, "/sessions/:session/export", export),
            (.post, "/sessions/:session/clear", clear),
            (.post, "/sessions/:session/cancel", cancel),
        ]
    }

    func allow(in methods: inout AllowedMethods) {
        for route in routes { methods.allow(route.method, at: route.path) }
    }

    func add(to router: Router<ChatRequestContext>) {
        for (method, path, handler) in routes {
            router.on(RouterPath(path), method: method) { request, context in
                try await handler(ChatCall(request, context, identityRule))
            }
            guard method == .get else { continue }
            router.on(RouterPath(path), method: .head) { request, context in
                try await handler(ChatCall(request, context, identityRule)).createHeadResponse()
            }
        }
    }

    // MARK: Common

    /// The session in the path, leased.
    func session(_ call: ChatCall) async throws -> ChatSession {
        try await session(named: call.sessionName, call)
    }

    func session(named name: String, _ call: ChatCall) async throws -> ChatSession {
        guard Identifier.isValid(name) else { throw Self.noSession(name) }
        return try await directory.find(name, owner: call.owner, on: call.channel.eventLoop)
    }

    static func noSession(_ name: String) -> CommandError {
        CommandError(.notFound, "There is no session \"\(name.firstScalars(100))\".", field: "session")
    }

    /// The path's session as the store has it.
    func stored(_ call: ChatCall) async throws(CommandError) -> StoredSession {
        let name = call.sessionName
        guard Identifier.isValid(name), let stored = try await stored(name), stored.owner == call.owner else {
            throw Self.noSession(name)
        }
        return stored
    }

    func stored(_ session: String) async throws(CommandError) -> StoredSession? {
        do throws(SessionStoreError) {
            return try await directory.environment.store.session(session)
        } catch {
            throw Self.unreadable
        }
    }

    static let unreadable = CommandError(.storage, "Sessions cannot be read now.", retryable: true)

    /// Says a command in a leased session, and waits until it is carried out and saved.
    ///
    /// - Returns: the frames that it caused: its answers, and the events that carry its id.
    /// - Throws: `Problem` where it was refused
    func say(_ frame: ClientFrame, in session: ChatSession) async throws -> [JSONValue] {
        let ref = frame.id ?? ChatCall.newRef()
        return try await GatheringFollower(session, CommandGathering(ref: ref)).gather { session, id, follower in
            session.attach(id, over: follower)
            session.handle(frame.command, ref: ref, from: id)
            session.whenAnswered { follower.answered() }
        }
    }

    /// As `say`, of one frame that is to come of it.
    func say(_ frame: ClientFrame, in session: ChatSession, until type: String) async throws -> JSONValue {
        let frames = try await say(frame, in: session)
        guard let answer = frames.last(where: { $0["type"]?.stringValue == type }) else {
            throw CommandError(.internal, "The session did not answer.")
        }
        return answer
    }

    static func response(
        _ value: JSONValue, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> Response {
        var body = ByteBuffer()
        body.writeJSON(value)
        return response(body, "application/json", status: status, headers: headers)
    }

    /// Nothing of this is anybody else's, or true for longer than a moment: no cache keeps it.
    static func response(
        _ body: ByteBuffer, _ type: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = type
        headers[.cacheControl] = "no-store"
        return Response(status: status, headers: headers, body: .init(byteBuffer: body))
    }
}
