import Conversation
package import JSON

extension SessionSummary {
    /// As lists of sessions show it, over HTTP and in the terminal.
    package var json: JSONValue {
        [
            "id": .string(id), "title": .string(title), "first_words": .string(firstWords),
            "message_count": .int(messageCount), "created_at": .string(Timestamp.text(createdAt)),
            "last_active_at": .string(Timestamp.text(lastActiveAt)),
        ]
    }
}
