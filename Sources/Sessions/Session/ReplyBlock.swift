import ChatProtocol
import Conversation
import JSON
import Models
import NIOCore

/// A block of a reply while its turn runs.
struct ReplyBlock {
    enum Kind {
        case text
        case thinking(signature: String?)
        case toolCall(call: String, name: String, input: JSONValue?, result: ToolResult?)
        case opaque(provider: String, JSONValue)
    }

    /// The block's number on the wire: it counts through the whole turn.
    let index: Int
    /// Which call to the model it belongs to, and its number there.
    let round: Int
    let callIndex: Int
    var kind: Kind
    /// Its text, in the pieces that the session's log keeps.
    var runs: [DeltaRun] = []
    /// What each of its deltas begins with on the wire.
    let deltaPrefix: ByteBuffer
    var isDone = false
    /// The bytes that checkpoints have taken, and whether they have taken all there will be.
    private var savedBytes = 0
    var isSaved = false

    init(index: Int, round: Int, callIndex: Int, kind: Kind, deltaPrefix: ByteBuffer, isDone: Bool) {
        self.index = index
        self.round = round
        self.callIndex = callIndex
        self.kind = kind
        self.deltaPrefix = deltaPrefix
        self.isDone = isDone
    }

    var bytes: [UInt8] {
        runs.count == 1 ? runs[0].text : runs.flatMap(\.text)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    var wireKind: LiveBlock.Kind {
        switch kind {
        case .text: .text
        case .thinking: .thinking
        case .toolCall(let call, let name, _, _): .toolCall(call: call, name: name)
        case .opaque: .opaque
        }
    }

    /// The block as the reply's message keeps it; nil where it says nothing.
    var content: ContentBlock? {
        switch kind {
        case .text:
            let text = self.text
            return text.isEmpty ? nil : .text(text)
        case .thinking(let signature):
            let text = self.text
            return text.isEmpty && signature == nil ? nil : .thinking(Thinking(text: text, signature: signature))
        case .toolCall(let call, let name, let input, _):
            return .toolCall(ToolCall(id: call, name: name, input: input))
        case .opaque(let provider, let value):
            return .opaque(provider: provider, value)
        }
    }

    /// The block as a snapshot shows it.
    var live: LiveBlock {
        var live = LiveBlock(index: index, kind: wireKind, text: text, isDone: isDone)
        if case .toolCall(_, _, let input, let result) = kind {
            live.input = input
            live.result = result
        }
        return live
    }

    /// What a checkpoint has to take: new text, or a block of another kind once it is whole. nil: nothing new.
    ///
    /// A block that ended without a text is taken too: after a restart, blocks keep their numbers.
    mutating func takeProgress() -> ContentBlock? {
        guard !isSaved else { return nil }
        isSaved = isDone
        switch kind {
        case .text:
            let text = takeText()
            return text.isEmpty && !(isDone && savedBytes == 0) ? nil : .text(text)
        case .thinking(let signature):
            let text = takeText()
            return text.isEmpty && !(isDone && (signature != nil || savedBytes == 0))
                ? nil : .thinking(Thinking(text: text, signature: isDone ? signature : nil))
        case .toolCall, .opaque:
            return isDone ? content : nil
        }
    }

    /// The text since the last call; whole scalars, as deltas are.
    private mutating func takeText() -> String {
        var skip = savedBytes
        var new: [UInt8] = []
        for run in runs {
            if skip < run.text.count { new += run.text[skip...] }
            skip = max(0, skip - run.text.count)
        }
        savedBytes += new.count
        return String(decoding: new, as: UTF8.self)
    }
}
