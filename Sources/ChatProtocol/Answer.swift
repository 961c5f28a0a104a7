package import Conversation
package import JSON
package import NIOCore

/// What the server says to one connection only. Answers have no `seq`.
package enum Answer: Sendable {
    case welcome(Welcome)
    case snapshot(Snapshot)
    case history(HistoryPage)
    case stats(SessionStats)
    case pong(JSONValue?)
    /// How many stand before a waiting turn, and itself: from 1.
    case queue(turn: String, position: Int)
    case goingAway(reason: String, reconnectAfter: Duration)

    package func frame(ref: String?) -> ByteBuffer {
        switch self {
        case .welcome(let welcome): return welcome.frame(ref: ref)
        case .snapshot(let snapshot): return snapshot.frame(ref: ref)
        case .history(let page): return page.frame(ref: ref)
        case .stats(let stats): return stats.frame(ref: ref)
        case .pong(let echo):
            var frame = FrameWriter(type: "pong")
            frame.field("ref", ref)
            if let echo { frame.field("t", echo) }
            return frame.end()
        case .queue(let turn, let position):
            var frame = FrameWriter(type: "queue")
            frame.field("turn", turn)
            frame.field("position", position)
            return frame.end()
        case .goingAway(let reason, let reconnectAfter):
            var frame = FrameWriter(type: "going_away")
            frame.field("reason", reason)
            frame.field("reconnect_after_ms", reconnectAfter.wholeMilliseconds)
            return frame.end()
        }
    }
}

/// The answer to `open`.
package struct Welcome: Sendable {
    package enum Resume: String, Sendable { case exact, snapshot, new }
    package enum State: String, Sendable {
        case idle
        case running
        case awaiting
    }

    package var session: String
    package var epoch: String
    /// The log's end.
    package var seq: Int
    package var resume: Resume
    package var state: State
    package var turn: String?
    package var settings: SessionSettings
    package var models: [String]
    package var tools: [ToolDescription]
    /// How often the server pings; a client that hears nothing for twice as long may reconnect.
    package var pingInterval: Duration
    /// Milliseconds since 1970.
    package var serverTime: Int64

    package init(
        session: String, epoch: String, seq: Int, resume: Resume, state: State, turn: String?,
        settings: SessionSettings, models: [String], tools: [ToolDescription], pingInterval: Duration, serverTime: Int64
    ) {
        self.session = session
        self.epoch = epoch
        self.seq = seq
        self.resume = resume
        self.state = state
        self.turn = turn
        self.settings = settings
        self.models = models
        self.tools = tools
        self.pingInterval = pingInterval
        self.serverTime = serverTime
    }

    func frame(ref: String?) -> ByteBuffer {
        var frame = FrameWriter(type: "welcome")
        frame.field("ref", ref)
        frame.field("protocol", "whinchat.v1")
        frame.field("session", session)
        frame.field("epoch", epoch)
        // Here `seq` is the log's end and not a place in it, which is why a welcome is no event.
        frame.field("seq", seq)
        frame.field("resume", resume.rawValue)
        frame.field("state", state.rawValue)
        frame.field("turn", turn)
        frame.object("settings") { $0.settings(settings) }
        frame.field("models", models)
        frame.objects("tools", tools) { writer, tool in
            writer.field("name", tool.name)
            writer.field("description", tool.description)
        }
        frame.object("limits") { limits in
            limits.field("frame_bytes", ProtocolLimits.clientFrameBytes)
            limits.field("message_scalars", ProtocolLimits.messageScalars)
            limits.field("message_bytes", ProtocolLimits.messageBytes)
            limits.field("queued_turns", ProtocolLimits.queuedTurns)
            limits.field("history_messages", ProtocolLimits.historyMessages)
        }
        frame.field("ping_interval_ms", pingInterval.wholeMilliseconds)
        frame.field("server_time", Timestamp.text(serverTime))
        return frame.end()
    }
}

/// A session as it stands, for a connection that cannot go on where it was.
package struct Snapshot: Sendable {
    package struct Entry: Sendable {
        package var message: Message
        package var siblings: [String]
        /// Whether its texts were cut off to fit the frame.
        package var isCut: Bool

        package init(message: Message, siblings: [String], isCut: Bool) {
            self.message = message
            self.siblings = siblings
            self.isCut = isCut
        }
    }

    /// A turn that waits for the running one.
    package struct Queued: Hashable, Sendable {
        package var turn: String
        package var parent: String

        package init(turn: String, parent: String) {
            self.turn = turn
            self.parent = parent
        }
    }

    /// What the newest turn on the shown branch was sent.
    package struct Context: Hashable, Sendable {
        package var figures: ContextFigures
        /// The user message that was answered.
        package var parent: String

        package init(figures: ContextFigures, parent: String) {
            self.figures = figures
            self.parent = parent
        }
    }

    /// The path to the head, oldest first.
    package var messages: [Entry]
    package var live: LiveTurn?
    /// nil where it is not known, or `live` says it.
    package var context: Context?
    package var queued: [Queued]
    /// The last event that the snapshot holds.
    package var seq: Int
    /// Whether older messages exist.
    package var hasMore: Bool

    package init(
        messages: [Entry], live: LiveTurn?, context: Context? = nil, queued: [Queued], seq: Int, hasMore: Bool
    ) {
        self.messages = messages
        self.live = live
        self.context = context
        self.queued = queued
        self.seq = seq
        self.hasMore = hasMore
    }

    func frame(ref: String?) -> ByteBuffer {
        var frame = FrameWriter(type: "snapshot")
        frame.field("ref", ref)
        frame.objects("messages", messages) { $0.entry($1) }
        if let live { frame.object("live") { $0.live(live) } }
        if let context {
            frame.object("context") { object in
                object.context(context.figures)
                object.field("parent", context.parent)
            }
        }
        frame.objects("queued", queued) { writer, queued in
            writer.field("turn", queued.turn)
            writer.field("parent", queued.parent)
        }
        frame.field("seq", seq)
        frame.field("more", hasMore)
        return frame.end()
    }
}

extension FrameWriter {
    /// A message as a snapshot and a history show it.
    mutating func entry(_ entry: Snapshot.Entry) {
        message(entry.message, siblings: entry.siblings)
        flag("cut", entry.isCut)
    }
}
