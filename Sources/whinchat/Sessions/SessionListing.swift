import Conversation
import JSON
import Sessions

/// A session as text for a terminal.
struct SessionListing {
    let transcript: SessionTranscript
    /// Whether messages of other branches are in it, each with what it follows.
    let showsAll: Bool

    var text: String {
        let session = transcript.session
        let shown = transcript.shown
        let messages = showsAll ? transcript.messages : shown
        var lines = [transcript.heading ?? "(nothing was said yet)"]
        lines.append(
            "\(session.id), begun \(Timestamp.text(session.createdAt)), "
                + "last active \(Timestamp.text(session.lastActiveAt))")
        let hidden = transcript.messages.count - messages.count
        lines.append(
            "\(transcript.messages.count) messages" + (hidden > 0 ? ", \(hidden) on other branches (--all)" : "")
                + ", \(transcript.usage.words)")
        let onPath = Set(shown.map(\.id))
        for message in messages {
            lines.append("")
            lines.append(heading(message, isOnPath: onPath.contains(message.id)))
            lines += message.content.map(Self.text).map(Self.indented)
            if message.partial { lines.append("  (\(message.ending))") }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func heading(_ message: Message, isOnPath: Bool) -> String {
        var parts = [message.role == .user ? "User" : "Assistant", Timestamp.text(message.createdAt)]
        if let model = message.model { parts.append(model) }
        if let usage = message.usage { parts.append(usage.words) }
        if showsAll {
            parts.append(message.id)
            if let parent = message.parent { parts.append("after \(parent)") }
            if !isOnPath { parts.append("another branch") }
        }
        return parts.joined(separator: " · ")
    }

    private static func text(_ block: ContentBlock) -> String {
        switch block {
        case .text(let text): text
        case .thinking(let thinking): "[thinking] \(thinking.text)"
        case .toolCall(let call): "→ \(call.name) \(call.input?.jsonText ?? "(no input)")"
        case .toolResult(let result): "\(result.isError ? "← error: " : "← ")\(result.output)"
        case .opaque(let provider, let value): "[\(provider): \(value["type"]?.stringValue ?? "a block")]"
        }
    }

    private static func indented(_ text: String) -> String {
        text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + String($0) }
            .joined(separator: "\n")
    }
}

extension Usage {
    fileprivate var words: String {
        let cached = cacheReadTokens > 0 ? " (\(cacheReadTokens) more from the cache)" : ""
        return "\(inputTokens) tokens in\(cached), \(outputTokens) out\(estimated ? ", estimated" : "")"
    }
}
