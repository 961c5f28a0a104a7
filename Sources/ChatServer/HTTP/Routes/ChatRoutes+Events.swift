import ChatProtocol
import Conversation
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import Sessions

// Following a session, and saying something to it as over the WebSocket.
extension ChatRoutes {
    /// The longest that a poll waits: 60 s, what proxies commonly give a response to begin.
    private static let longestWait = 60_000

    // MARK: GET /sessions/{id}/events

    @Sendable func events(_ call: ChatCall) async throws -> Response {
        let query = try call.query()
        let wait = try query.integer("wait", in: 0...Self.longestWait)
        let open = try open(call, query)
        let format = try wait == nil ? format(call, of: [.events, .lines]) : .events
        try admitStream()
        let session = try await session(call)
        if let wait { return try await poll(session, open, for: .milliseconds(wait), call) }
        guard call.request.method != .head else {
            directory.release(session)
            return Response(
                status: .ok, headers: [.contentType: format.contentType, .whinchatSession: session.id])
        }
        let follower = StreamingFollower(
            session, over: try await outlet(call), on: call.channel.eventLoop, format,
            heartbeatInterval: directory.environment.pingInterval)
        _ = try await follower.open(open, ref: nil, isNew: false)
        return stream(follower, format, session.id)
    }

    /// Where the client was: by `Last-Event-ID`, which a browser sends with the address that it once had, else by the query.
    private func open(_ call: ChatCall, _ query: QueryReader) throws(CommandError) -> ClientCommand.Open {
        guard Identifier.isValid(call.sessionName) else { throw Self.noSession(call.sessionName) }
        var members = query.members(["epoch"], integers: ["after", "history"])
        if let last = call.request.headers[.lastEventID].flatMap({ EventCursor($0) }) {
            members["epoch"] = .string(last.epoch)
            members["after"] = .int(last.seq)
        }
        members["session"] = .string(call.sessionName)
        guard case .open(let open) = try call.frame("open", members).command else {
            throw CommandError(.internal, "An \"open\" was read as something else.")
        }
        return open
    }

    private func poll(
        _ session: ChatSession, _ open: ClientCommand.Open, for wait: Duration, _ call: ChatCall
    ) async throws -> Response {
        streams.opened()
        defer { streams.closed() }
        let frames = try await GatheringFollower(session, PollGathering()).gather(over: call.channel, for: wait) {
            session, id, follower in
            session.follow(id, open, ref: nil, isNew: false, over: follower)
        }
        var body = ByteBuffer()
        for frame in frames {
            body.writeStaticString(body.readableBytes == 0 ? "[" : ",\n")
            body.writeImmutableBuffer(frame)
        }
        body.writeStaticString(frames.isEmpty ? "[]" : "]")
        return Self.response(body, "application/json", headers: [.whinchatSession: session.id])
    }

    // MARK: POST /sessions/{id}/frames

    @Sendable func frames(_ call: ChatCall) async throws -> Response {
        let body = try await call.body()
        guard let type = body["type"]?.stringValue else {
            throw CommandError(.badField, "\"type\" is required.", field: "type")
        }
        let needsID = ["send", "edit", "regenerate"].contains(type)
        // Where the protocol demands an id it is not made up: it is what makes the command safe to repeat.
        let frame = try needsID ? ClientFrame(of: body) : call.frame(type, body)
        if case .open = frame.command {
            throw CommandError(
                .unknownType, "A session is followed with GET /sessions/{session_id}/events.", field: "type")
        }
        let answers = try await say(frame, in: try await session(call)).filter { answer in
            answer["seq"] == nil || answer["replay"]?.boolValue == true
        }
        return Self.response(.array(answers), headers: [.whinchatSession: call.sessionName])
    }
}
