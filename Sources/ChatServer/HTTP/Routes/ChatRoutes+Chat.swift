import ChatProtocol
import Conversation
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import Sessions

// Saying something.
extension ChatRoutes {
    // MARK: POST /chat

    @Sendable func chat(_ call: ChatCall) async throws -> Response {
        let body = try await call.body()
        let name = body["session_id"] ?? .null
        guard name.isNull || name.stringValue != nil else {
            throw CommandError(.badField, "\"session_id\" must be a string.", field: "session_id")
        }
        let (session, isNew, request) = try await begin(body, session: name.stringValue, call)
        let statsRef = ChatCall.newRef()
        let ref = request.send.id ?? ""
        let outcome = try await inWordsOfBody {
            try await GatheringFollower(session, ReplyGathering(ref: ref, statsRef: statsRef))
                .gather(over: call.channel) { session, id, follower in
                    session.follow(id, request.open, ref: request.openRef, isNew: isNew, over: follower)
                    session.handle(request.send.command, ref: ref, from: id)
                    session.handle(.stats, ref: statsRef, from: id)
                }
        }
        let reply =
            switch outcome {
            case .reply(let reply): reply
            case .repeated(let turn): try await self.reply(of: turn, in: session.id, call)
            }
        return Self.response(Self.json(reply, session: session.id), headers: [.whinchatSession: session.id])
    }

    private static func json(_ reply: ReplyGathering.Reply, session: String) -> JSONValue {
        var members: [String: JSONValue] = [
            "session_id": .string(session), "turn": .string(reply.ending.turn), "reply": .string(reply.text),
            "status": .string(reply.ending.status), "usage": reply.ending.usage,
        ]
        if let count = reply.turnCount { members["turn_count"] = .int(count) }
        if let error = reply.ending.error { members["error"] = error }
        return .object(members)
    }

    /// The session that something is to be said in, leased: the one that is named, or a new one.
    private func begin(
        _ body: [String: JSONValue], session name: String?, _ call: ChatCall
    ) async throws -> (ChatSession, isNew: Bool, ChatRequest) {
        if let name, !Identifier.isValid(name) { throw Self.noSession(name) }
        let request = try ChatRequest(body, session: name)
        if let name { return (try await session(named: name, call), false, request) }
        do throws(CommandError) {
            let made = try await directory.create(
                owner: call.owner, ref: request.openRef, settings: request.open.create, on: call.channel.eventLoop)
            return (made.session, made.isNew, request)
        } catch {
            throw ChatRequest.inWordsOfBody(error)
        }
    }

    private func inWordsOfBody<Value>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let problem as Problem { throw ChatRequest.inWordsOfBody(problem) }
    }

    // MARK: Said again

    /// The reply of a turn that was accepted before, once it has ended; read from the store.
    private func reply(of turn: String, in session: String, _ call: ChatCall) async throws -> ReplyGathering.Reply {
        while true {
            guard let stored = try await stored(session) else { throw Self.noSession(session) }
            if let reply = stored.messages.first(where: { $0.turn == turn && $0.role == .assistant }) {
                return ReplyGathering.Reply(stored, reply)
            }
            let found = try await self.session(named: session, call)
            _ = try await GatheringFollower(found, EndGathering(turn: turn)).gather(over: call.channel) {
                session, id, follower in
                session.follow(id, ClientCommand.Open(history: 0), ref: nil, isNew: false, over: follower)
            }
        }
    }

    private func hasEnded(_ turn: String, in session: String) async throws(CommandError) -> Bool {
        let turns = try await stored(session)?.turns ?? []
        return turns.first { $0.accepted.id == turn }?.state ?? .ended == .ended
    }

    // MARK: POST /chat/stream/{session_id}

    @Sendable func streamTurn(_ call: ChatCall) async throws -> Response {
        let format = try format(call, of: StreamFormat.allCases)
        let body = try await call.body()
        let name = call.sessionName == "new" ? nil : call.sessionName
        try admitStream()
        let (session, isNew, request) = try await begin(body, session: name, call)
        let follower = StreamingFollower(
            session, over: try await outlet(call), on: call.channel.eventLoop, format,
            watching: TurnWatch(ref: request.send.id ?? ""), heartbeatInterval: directory.environment.pingInterval)
        let state = try await inWordsOfBody {
            try await follower.open(request.open, ref: request.openRef, isNew: isNew, saying: request.send)
        }
        if case .repeated(let turn) = state, try await hasEnded(turn, in: session.id) { follower.end() }
        return stream(follower, format, session.id)
    }

    // MARK: Streams

    func format(_ call: ChatCall, of formats: [StreamFormat]) throws(Problem) -> StreamFormat {
        let types = formats.map(\.rawValue)
        guard let format = AcceptHeader(call.request.headers[.accept]).best(of: types).flatMap(StreamFormat.init) else {
            throw Problem(.notAcceptable, "This comes as \(types.joined(separator: ", ")).", code: "bad_field")
        }
        return format
    }

    func outlet(_ call: ChatCall) async throws -> HTTPOutlet {
        try await call.channel.eventLoop.submit { [channel = call.channel] in try HTTPOutlet.of(channel) }.get()
    }

    func admitStream() throws(CommandError) {
        guard streams.count < maximumStreams else {
            throw CommandError(.overloaded, "The server holds as many streams as it can.", retryable: true)
        }
    }

    func stream(_ follower: StreamingFollower, _ format: StreamFormat, _ session: String) -> Response {
        let streams = streams
        return Response(
            status: .ok,
            headers: [
                .contentType: format.contentType, .cacheControl: "no-store", .whinchatSession: session,
                // nginx passes on what comes, and does not gather it.
                .xAccelBuffering: "no",
            ],
            body: ResponseBody { writer in
                streams.opened()
                defer { streams.closed() }
                await follower.stream()
                try await writer.finish(nil)
            })
    }
}

extension ReplyGathering.Reply {
    fileprivate init(_ session: StoredSession, _ reply: Message) {
        let texts = reply.content.compactMap { if case .text(let text) = $0 { text } else { nil } }
        let usage = reply.usage ?? Usage()
        self.init(
            text: texts.reduce("") { $0.isEmpty || $0.hasSuffix("\n") ? $0 + $1 : $0 + "\n" + $1 },
            ending: TurnEnding(
                turn: reply.turn, status: (reply.status ?? .completed).rawValue,
                usage: [
                    "input_tokens": .int(usage.inputTokens), "output_tokens": .int(usage.outputTokens),
                    "cache_read_tokens": .int(usage.cacheReadTokens),
                    "cache_write_tokens": .int(usage.cacheWriteTokens), "estimated": .bool(usage.estimated),
                ]),
            turnCount: session.turns.count)
    }
}
