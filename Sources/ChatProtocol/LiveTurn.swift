package import Conversation
package import JSON

/// A running turn as a snapshot shows it, valid exactly at the snapshot's `seq`.
package struct LiveTurn: Sendable {
    package var turn: String
    package var state: String
    package var parent: String
    /// The id that the reply's message will have.
    package var message: String
    /// The ids of the messages with the same parent, in order, the reply's own included.
    package var siblings: [String]
    package var model: String
    package var context: ContextFigures
    package var blocks: [LiveBlock]
    package var approvals: [ToolApproval]
    /// Milliseconds since 1970.
    package var now: Int64

    package init(
        turn: String, state: String, parent: String, message: String, siblings: [String], model: String,
        context: ContextFigures, blocks: [LiveBlock], approvals: [ToolApproval] = [], now: Int64 = 0
    ) {
        self.turn = turn
        self.state = state
        self.parent = parent
        self.message = message
        self.siblings = siblings
        self.model = model
        self.context = context
        self.blocks = blocks
        self.approvals = approvals
        self.now = now
    }
}

/// A block of a running turn. Tool results have no block of their own on the wire while a turn runs: they come as
/// `tool.done`, and stand in a snapshot with the call that they answer.
package struct LiveBlock: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case text
        case thinking
        case toolCall(call: String, name: String)
        /// A block that clients cannot show: its `type` is the provider's word.
        case opaque
    }

    package var index: Int
    package var kind: Kind
    /// The text so far; for a tool call the JSON of its input so far.
    package var text: String
    package var isDone: Bool
    /// A tool call's whole input, once it is done.
    package var input: JSONValue?
    /// A tool call's result, once it has one.
    package var result: ToolResult?

    package init(
        index: Int, kind: Kind, text: String, isDone: Bool, input: JSONValue? = nil, result: ToolResult? = nil
    ) {
        self.index = index
        self.kind = kind
        self.text = text
        self.isDone = isDone
        self.input = input
        self.result = result
    }
}

extension FrameWriter {
    mutating func live(_ live: LiveTurn) {
        field("turn", live.turn)
        field("state", live.state)
        field("parent", live.parent)
        field("message", live.message)
        field("siblings", live.siblings)
        field("model", live.model)
        object("context") { $0.context(live.context) }
        objects("blocks", live.blocks) { writer, block in
            writer.field("index", block.index)
            writer.kind(block.kind)
            if case .toolCall = block.kind {
                writer.field("input_so_far", block.text)
                if let input = block.input { writer.field("input", input) }
                if let result = block.result {
                    writer.object("result") { object in
                        object.field("output", result.output)
                        object.field("is_error", result.isError)
                    }
                }
            } else {
                writer.field("text", block.text)
            }
            writer.field("done", block.isDone)
        }
        objects("approvals", live.approvals) { writer, approval in
            writer.field("turn", live.turn)
            writer.approval(approval, now: live.now)
        }
    }

    mutating func kind(_ kind: LiveBlock.Kind) {
        switch kind {
        case .text: field("kind", "text")
        case .thinking: field("kind", "thinking")
        case .toolCall(let call, let name):
            field("kind", "tool_call")
            field("call", call)
            field("name", name)
        case .opaque: field("kind", "opaque")
        }
    }
}
