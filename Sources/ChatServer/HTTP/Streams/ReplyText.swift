import JSON

/// What a model says in one turn: the text of its text blocks, without thinking and tools.
struct ReplyText {
    /// The blocks that are text.
    private var indices: Set<Int> = []
    /// The block that said something last.
    private var current: Int?
    private var endsLine = true

    /// Takes a frame of the turn.
    ///
    /// - Returns: what it adds to the text. Blocks are set apart by a line feed.
    mutating func take(_ frame: UnsafeRawBufferPointer, _ head: FrameHead) -> String? {
        guard let index = head.index else { return nil }
        if head.type.says("block.started"), head.kind?.says("text") == true { indices.insert(index) }
        guard head.type.says("delta"), indices.contains(index),
            let text = (try? JSONValue(parsing: frame))?["text"]?.stringValue, let last = text.utf8.last
        else { return nil }
        defer {
            current = index
            endsLine = last == UInt8(ascii: "\n")
        }
        return current == nil || current == index || endsLine ? text : "\n" + text
    }
}
