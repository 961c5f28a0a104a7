package import Conversation

/// A session as people read it: its messages in an order, those of turns that still run with what they said so far.
package struct SessionTranscript: Sendable {
    package let session: StoredSession

    /// All messages, each behind the one that it follows, siblings in the order of their turns.
    package let messages: [Message]

    private let parents: [String: String]

    package init(_ session: StoredSession) {
        self.session = session
        var known = Dictionary(session.messages.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var parents: [String: String] = [:]
        var ordered: [Message] = []
        for turn in session.turns {
            let accepted = turn.accepted
            parents[accepted.reply] = accepted.parent
            if let message = known.removeValue(forKey: accepted.parent) { ordered.append(message) }
            if let reply = known.removeValue(forKey: accepted.reply) ?? turn.unfinishedReply(at: session.lastActiveAt) {
                ordered.append(reply)
            }
        }
        // There are none, unless the file was changed by hand; they are not to be lost for that.
        ordered += session.messages.filter { known[$0.id] != nil }
        for message in ordered { parents[message.id] = message.parent }
        messages = ordered
        self.parents = parents
    }

    /// The branch that is shown: from the first message to the head.
    package var shown: [Message] {
        var path: Set<String> = []
        var next = session.head
        // What was seen before would be a circle.
        while let id = next, path.insert(id).inserted { next = parents[id] }
        return messages.filter { path.contains($0.id) }
    }

    /// The tokens of all turns that ended.
    package var usage: Usage {
        session.messages.compactMap(\.usage).reduce(Usage()) { $0 + $1 }
    }

    /// The title, or the beginning of the first message in its place, in one line; nil where there is neither.
    package var heading: String? {
        let text =
            session.settings.title.isEmpty ? messages.first?.content.firstText ?? "" : session.settings.title
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.isEmpty ? nil : line.firstScalars(SessionSummary.firstWordsScalars)
    }
}

extension StoredTurn {
    /// What a running turn said so far, as a message; nil where it said nothing.
    fileprivate func unfinishedReply(at time: Int64) -> Message? {
        guard state == .running, !pieces.isEmpty else { return nil }
        return Message(
            id: accepted.reply, parent: accepted.parent, role: .assistant, content: pieces.content, createdAt: time,
            turn: accepted.id, partial: true, model: accepted.settings.model)
    }
}
