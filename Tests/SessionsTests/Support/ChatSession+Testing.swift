import ChatProtocol
import Conversation
import JSON
import NIOCore
import Testing

@testable import Sessions

extension ChatSession {
    /// Whether no commit is under way.
    var isSettled: Bool { commits.isEmpty }
    var isRunning: Bool { running != nil }
    var owesNothing: Bool { commits.owed.isEmpty }
    var lastSeq: Int { log.lastSeq }
    var logBytes: Int { log.byteCount }
    var summaries: [String] { context.summaries.map(\.text) }
    var queuedTurns: [String] { queue.map(\.accepted.ref) }
    /// Whether it holds nothing that would keep it, or others, in memory.
    var isBare: Bool {
        tree.isEmpty && turns.isEmpty && running == nil && queue.isEmpty && commits.isEmpty && commits.owed.isEmpty
            && held.isEmpty && settling.isEmpty && quieting.isEmpty
    }

    /// Looks after itself as it would after an hour, until it rests or has left memory.
    nonisolated func untilResting() async throws {
        try await eventually {
            await self.tick(.now() + .hours(1))
            let presence = await self.presence
            return presence == .resting || presence == .gone
        }
    }

    /// Saves what a running reply has, as it does once a second.
    nonisolated func untilCheckpointed() async throws {
        await tick(.now())
        try await eventually { await self.isSettled }
    }

    nonisolated func unfollow(_ follower: RecordingFollower) {
        perform { [id = follower.id] in $0.unfollow(id) }
    }
}

extension SessionFixture {
    /// A message and its reply.
    ///
    /// - Returns: the frames up to the `turn.done`.
    @discardableResult
    func exchange(
        _ text: String, _ reply: String, id: String, in session: ChatSession, _ follower: RecordingFollower
    ) async throws -> [JSONValue] {
        session.send(text, id: id, from: follower)
        try await provider.nextCall().reply(reply)
        return try await follower.until("turn.done")
    }

    /// The session as a newcomer is shown it; the newcomer leaves again.
    func snapshot(of session: ChatSession, as id: Int = 99) async throws -> JSONValue {
        let (session, follower) = try await join(session.id, id)
        let frames = try await follower.until("snapshot")
        session.unfollow(follower)
        return frames[frames.count - 1]
    }
}

extension RecordingFollower {
    /// What was sent until now; `session` says so by a `pong`.
    func seen(of session: ChatSession) async throws -> [JSONValue] {
        session.say(.ping("seen?"), id: nil, from: self)
        let answers = try await until("pong").dropLast()
        // A `pong` may overtake events: those that it overtook come before the next one.
        session.say(.ping("seen!"), id: nil, from: self)
        return try await Array(answers) + until("pong").dropLast()
    }
}

extension JSONValue {
    /// Of a snapshot or a history: the texts of each message.
    var texts: [String] { (self["messages"]?.arrayValue ?? []).map(\.text) }

    /// Of a message: its texts.
    var text: String {
        (self["content"]?.arrayValue ?? []).compactMap { $0["text"]?.stringValue }.joined()
    }

    var seq: Int { self["seq"]?.intValue ?? -1 }
}
