import ChatProtocol
import Conversation
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import Sessions

// One's own sessions and their life cycle.
extension ChatRoutes {
    /// Sessions in one answer, at most: 200, some 60 KB.
    private static let pageLimits = 1...200
    /// Where the client does not say: what a list on a screen shows.
    private static let pageDefault = 50
    /// The longest text that is searched for, in Unicode scalars: a sentence.
    private static let queryScalars = 200

    // MARK: GET and POST /sessions

    @Sendable func list(_ call: ChatCall) async throws -> Response {
        let query = try call.query()
        let limit = try query.integer("limit", in: Self.pageLimits) ?? Self.pageDefault
        let text = try query.text("query", scalars: Self.queryScalars)
        let before = try query["before"].map { (text) throws(CommandError) in
            guard let cursor = SessionSummary(cursor: text, owner: call.owner) else {
                throw CommandError(.badField, "\"before\" is not the \"next\" of an earlier answer.", field: "before")
            }
            return cursor
        }
        let isWithEmpty = try query.boolean("empty") ?? true
        let selection = text.map { .matching($0) } ?? (isWithEmpty ? SessionSelection.all : .begun)
        let store = directory.environment.store
        let page: [SessionSummary]
        do throws(SessionStoreError) {
            page = try await store.summaries(of: call.owner, selection, before: before, limit: limit)
        } catch {
            throw Self.unreadable
        }
        var members: [String: JSONValue] = ["sessions": .array(page.map(\.json))]
        if page.count == limit, let last = page.last { members["next"] = .string(last.cursor) }
        return Self.response(.object(members))
    }

    /// A new session, of which nothing is said yet.
    @Sendable func make(_ call: ChatCall) async throws -> Response {
        let body = try await call.body()
        let ref = body["id"]?.isNull ?? true ? nil : body["id"]
        var settings = body
        settings["id"] = nil
        do throws(CommandError) {
            let frame = try call.frame("open", ["create": .object(settings), "id": ref ?? .null])
            guard case .open(let open) = frame.command else { throw CommandError(.internal, "") }
            let openRef = ref == nil ? nil : frame.id
            let (session, isNew) = try await directory.create(
                owner: call.owner, ref: openRef, settings: open.create, on: call.channel.eventLoop)
            return try await welcome(session, open, ref: openRef, isNew: isNew)
        } catch {
            throw ChatRequest.inWordsOfBody(error)
        }
    }

    private func welcome(
        _ session: ChatSession, _ open: ClientCommand.Open, ref: String?, isNew: Bool
    ) async throws(CommandError) -> Response {
        do {
            let frames = try await GatheringFollower(session, PollGathering()).gather { session, id, follower in
                session.follow(id, open, ref: ref, isNew: isNew, over: follower)
            }
            return Self.response(
                frames[0], "application/json", status: isNew ? .created : .ok,
                headers: [.location: "/sessions/\(session.id)/events", .whinchatSession: session.id])
        } catch {
            throw CommandError(.storage, "The session could not be saved.", retryable: true)
        }
    }

    // MARK: One session

    @Sendable func configure(_ call: ChatCall) async throws -> Response {
        let frame = try call.frame("configure", try await call.body())
        return Self.response(try await say(frame, in: session(call), until: "session.updated"))
    }

    @Sendable func delete(_ call: ChatCall) async throws -> Response {
        _ = try await say(call.frame("delete", [:]), in: session(call), until: "session.deleted")
        return Response(status: .noContent)
    }

    @Sendable func clear(_ call: ChatCall) async throws -> Response {
        let frame = try call.frame("clear", try await call.body())
        return Self.response(try await say(frame, in: session(call), until: "session.cleared"))
    }

    @Sendable func cancel(_ call: ChatCall) async throws -> Response {
        let frame = try call.frame("cancel", try await call.body())
        let ending = try await say(frame, in: session(call)).last { $0["type"]?.stringValue == "turn.done" }
        return ending.map { Self.response($0) } ?? Response(status: .noContent)
    }

    @Sendable func stats(_ call: ChatCall) async throws -> Response {
        Self.response(try await say(call.frame("stats", [:]), in: session(call), until: "stats"))
    }

    @Sendable func history(_ call: ChatCall) async throws -> Response {
        let query = try call.query()
        var members = query.members(["before"], integers: ["limit"])
        let isNewest = members["before"] == nil
        // Any id stands in for it, so that the limit is checked.
        if isNewest { members["before"] = "newest" }
        let frame = try call.frame("history", members)
        let session = try await session(call)
        guard isNewest, case .history(let history) = frame.command else {
            return Self.response(try await say(frame, in: session, until: "history"))
        }
        let frames = try await GatheringFollower(session, PollGathering()).gather { session, id, follower in
            session.follow(id, ClientCommand.Open(history: history.limit), ref: nil, isNew: false, over: follower)
        }
        let snapshot = frames.lazy.compactMap { try? JSONValue(parsing: $0.readableBytesView) }
            .first { $0["type"]?.stringValue == "snapshot" }
        return Self.response([
            "type": "history", "messages": snapshot?["messages"] ?? [], "more": snapshot?["more"] ?? false,
        ])
    }

    @Sendable func export(_ call: ChatCall) async throws -> Response {
        let format = try call.query()["format"] ?? "json"
        guard format == "json" || format == "markdown" else {
            throw CommandError(.badField, "\"format\" must be \"json\" or \"markdown\".", field: "format")
        }
        let session = try await stored(call)
        let transcript = SessionTranscript(session)
        let name = "\(session.id).\(format == "json" ? "json" : "md")"
        let headers: HTTPFields = [.contentDisposition: "attachment; filename=\"\(name)\""]
        return format == "json"
            ? Self.response(transcript.json, headers: headers)
            : Self.response(
                ByteBuffer(string: transcript.markdown), "text/markdown; charset=utf-8", headers: headers)
    }
}

extension SessionSummary {
    /// Its place in the list, as text that means nothing to clients.
    fileprivate var cursor: String { "\(lastActiveAt).\(id)" }

    fileprivate init?(cursor: String, owner: Owner) {
        let parts = cursor.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let time = Int64(parts[0]), Identifier.isValid(String(parts[1])) else { return nil }
        self.init(
            id: String(parts[1]), owner: owner, title: "", firstWords: "", messageCount: 0, createdAt: 0,
            lastActiveAt: time)
    }
}
