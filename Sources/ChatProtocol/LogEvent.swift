package import Conversation
package import JSON
package import NIOCore

/// An event of a session's log, except for deltas: those are not kept as frames, so that waiting ones can be merged
/// (`DeltaFrame`).
package enum LogEvent: Sendable {
    case message(Message, siblings: [String])
    case turnQueued(turn: String, parent: String)
    case turnStarted(turn: String, parent: String, message: String, model: String, context: ContextFigures)
    /// A call to the model failed before it said anything, and is made again after a while.
    ///
    /// - Parameters:
    ///   - attempt: which retry of this call it is, from 1.
    ///   - code: why the call before failed.
    ///   - model: the one that is asked now.
    case turnRetrying(turn: String, attempt: Int, delay: Duration, code: ErrorCode, message: String, model: String)
    case blockStarted(turn: String, index: Int, LiveBlock.Kind)
    /// `input`: a tool call's whole input; nil for other kinds, and where the input was cut off or not JSON.
    case blockDone(turn: String, index: Int, partial: Bool, input: JSONValue?)
    case toolStarted(turn: String, call: ToolCall, runs: ToolPlace = .server)
    /// - Parameter now: milliseconds since 1970, of which the frame tells how long there is still.
    case toolApproval(turn: String, ToolApproval, now: Int64)
    /// - Parameter input: what runs, where it is not the model's own.
    case toolApproved(turn: String, call: String, ToolDecision.Decision, input: JSONValue?)
    case toolDone(turn: String, result: ToolResult, duration: Duration)
    case turnDone(TurnOutcome)
    /// The head moved: `siblings` by the id of each message whose siblings changed.
    case head(message: String, siblings: [String: [String]])
    /// The settings as they now stand, for this and the next two: whoever makes the event has put the names of the tools
    /// in the place of nil, which stands for all.
    case sessionUpdated(SessionSettings)
    /// There are no messages any more.
    case sessionCleared(SessionSettings)
    /// The last event of its log.
    case sessionDeleted(SessionSettings)

    /// The event as a frame.
    ///
    /// - Parameters:
    ///   - ref: the `id` of the command that caused it.
    ///   - replay: true where it answers a command that was repeated.
    package func frame(seq: Int, ref: String?, replay: Bool = false) -> ByteBuffer {
        var frame = FrameWriter(type: type)
        frame.field("seq", seq)
        frame.field("ref", ref)
        frame.flag("replay", replay)
        switch self {
        case .message(let message, let siblings):
            frame.object("message") { $0.message(message, siblings: siblings) }
        case .turnQueued(let turn, let parent):
            frame.field("turn", turn)
            frame.field("parent", parent)
        case .turnStarted(let turn, let parent, let message, let model, let context):
            frame.field("turn", turn)
            frame.field("parent", parent)
            frame.field("message", message)
            frame.field("model", model)
            frame.object("context") { $0.context(context) }
        case .turnRetrying(let turn, let attempt, let delay, let code, let message, let model):
            frame.field("turn", turn)
            frame.field("attempt", attempt)
            frame.field("delay_ms", delay.wholeMilliseconds)
            frame.field("code", code.rawValue)
            frame.field("message", message)
            frame.field("model", model)
        case .blockStarted(let turn, let index, let kind):
            frame.field("turn", turn)
            frame.field("index", index)
            frame.kind(kind)
        case .blockDone(let turn, let index, let partial, let input):
            frame.field("turn", turn)
            frame.field("index", index)
            frame.flag("partial", partial)
            if let input { frame.field("input", input) }
        case .toolApproval(let turn, let approval, let now):
            frame.field("turn", turn)
            frame.approval(approval, now: now)
        case .toolApproved(let turn, let call, let decision, let input):
            frame.field("turn", turn)
            frame.field("call", call)
            frame.field("decision", decision.rawValue)
            if let input { frame.field("input", input) }
        case .toolStarted(let turn, let call, let runs):
            frame.field("turn", turn)
            frame.field("call", call.id)
            frame.field("name", call.name)
            frame.field("input", call.input ?? .null)
            frame.field("runs", runs.rawValue)
        case .toolDone(let turn, let result, let duration):
            frame.field("turn", turn)
            frame.field("call", result.call)
            frame.field("output", result.output)
            frame.field("is_error", result.isError)
            frame.field("duration_ms", duration.wholeMilliseconds)
        case .turnDone(let outcome):
            frame.outcome(outcome)
        case .head(let message, let siblings):
            frame.field("message", message)
            frame.object("siblings") { object in
                for (id, ids) in siblings.sorted(by: { $0.key < $1.key }) {
                    object.member(id) { buffer in
                        buffer.writeString("[")
                        for (position, sibling) in ids.enumerated() {
                            if position > 0 { buffer.writeString(",") }
                            buffer.writeJSONString(sibling)
                        }
                        buffer.writeString("]")
                    }
                }
            }
        case .sessionUpdated(let settings), .sessionCleared(let settings), .sessionDeleted(let settings):
            frame.object("settings") { $0.settings(settings) }
        }
        return frame.end()
    }

    private var type: StaticString {
        switch self {
        case .message: "message"
        case .turnQueued: "turn.queued"
        case .turnStarted: "turn.started"
        case .turnRetrying: "turn.retrying"
        case .blockStarted: "block.started"
        case .blockDone: "block.done"
        case .toolStarted: "tool.started"
        case .toolApproval: "tool.approval"
        case .toolApproved: "tool.approved"
        case .toolDone: "tool.done"
        case .turnDone: "turn.done"
        case .head: "head"
        case .sessionUpdated: "session.updated"
        case .sessionCleared: "session.cleared"
        case .sessionDeleted: "session.deleted"
        }
    }
}

/// Where a tool runs.
package enum ToolPlace: String, Hashable, Sendable { case server, client }

/// A piece of text for one block of a running turn.
package enum DeltaFrame {
    /// What every `delta` of a block begins with, up to the number of its `seq`.
    package static func prefix(turn: String, index: Int) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeStaticString("{\"type\":\"delta\",\"turn\":")
        buffer.writeJSONString(turn)
        buffer.writeStaticString(",\"index\":")
        buffer.writeDecimal(index)
        buffer.writeStaticString(",\"seq\":")
        return buffer
    }

    /// Writes one frame: `prefix` as made by `prefix(turn:index:)`.
    @inline(__always)
    package static func write(
        _ prefix: ByteBuffer, seq: Int, text: UnsafeRawBufferPointer, into buffer: inout ByteBuffer
    ) {
        buffer.writeImmutableBuffer(prefix)
        buffer.writeDecimal(seq)
        buffer.writeStaticString(",\"text\":\"")
        buffer.writeJSONEscaped(text)
        buffer.writeStaticString("\"}")
    }
}
