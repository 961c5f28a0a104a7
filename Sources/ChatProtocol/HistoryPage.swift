import NIOCore

/// The answer to `history`: older messages of one branch.
package struct HistoryPage: Sendable {
    /// The nearest ones before the message that was named, oldest first.
    package var messages: [Snapshot.Entry]
    /// Whether there are still older ones.
    package var hasMore: Bool

    package init(messages: [Snapshot.Entry], hasMore: Bool) {
        self.messages = messages
        self.hasMore = hasMore
    }

    func frame(ref: String?) -> ByteBuffer {
        var frame = FrameWriter(type: "history")
        frame.field("ref", ref)
        frame.objects("messages", messages) { $0.entry($1) }
        frame.field("more", hasMore)
        return frame.end()
    }
}
