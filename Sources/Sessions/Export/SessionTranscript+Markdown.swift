import Conversation
import JSON

extension SessionTranscript {
    /// The branch that is shown, as Markdown: the messages' own Markdown as it stands, with tool calls and their results.
    package var markdown: String {
        var parts = ["# \(heading.map(Self.escaped) ?? "Chat")"]
        parts.append(
            "Session `\(session.id)`, begun \(Timestamp.text(session.createdAt)), "
                + "last active \(Timestamp.text(session.lastActiveAt)).")
        if !session.settings.system.isEmpty { parts += ["## System", session.settings.system] }
        for message in shown {
            parts.append(Self.heading(message))
            parts += message.content.map(Self.part)
            if message.partial { parts.append("*(\(message.ending))*") }
        }
        return parts.joined(separator: "\n\n") + "\n"
    }

    private static func heading(_ message: Message) -> String {
        let time = Timestamp.text(message.createdAt)
        switch message.role {
        case .user: return "## User\n\n*\(time)*"
        case .assistant:
            return "## Assistant\n\n*\(([time] + [message.model].compactMap(\.self)).joined(separator: ", "))*"
        }
    }

    private static func part(_ block: ContentBlock) -> String {
        switch block {
        case .text(let text): return text
        case .thinking(let thinking):
            let lines = thinking.text.split(separator: "\n", omittingEmptySubsequences: false)
            return (["*Thinking*", ""] + lines).map { "> \($0)" }.joined(separator: "\n")
        case .toolCall(let call):
            return "**Tool call** \(code(call.name))\n\n" + fenced(call.input?.jsonText ?? "(no input)", as: "json")
        case .toolResult(let result):
            return "**\(result.isError ? "Error" : "Result")**\n\n" + fenced(result.output, as: "")
        case .opaque(let provider, let value):
            return "*(a block of \(code(provider)): \(code(value["type"]?.stringValue ?? "?")))*"
        }
    }

    /// As a code block, with a fence longer than any in the text (CommonMark 0.31 §4.5).
    private static func fenced(_ text: String, as language: String) -> String {
        let fence = String(repeating: "`", count: max(3, longestRun(in: text) + 1))
        return "\(fence)\(language)\n\(text)\(text.hasSuffix("\n") ? "" : "\n")\(fence)"
    }

    /// As a code span in one line (CommonMark 0.31 §6.1).
    private static func code(_ text: String) -> String {
        let fence = String(repeating: "`", count: longestRun(in: text) + 1)
        let pad = fence.count > 1 ? " " : ""
        return fence + pad + text.split(whereSeparator: \.isNewline).joined(separator: " ") + pad + fence
    }

    private static func longestRun(in text: String) -> Int {
        var (longest, run) = (0, 0)
        for byte in text.utf8 {
            run = byte == UInt8(ascii: "`") ? run + 1 : 0
            longest = max(longest, run)
        }
        return longest
    }

    private static func escaped(_ line: String) -> String {
        String(line.flatMap { "\\`*_[]<>#".contains($0) ? ["\\", $0] : [$0] })
    }
}

extension Message {
    /// Why a partial reply stops where it does, for people.
    package var ending: String {
        switch status {
        case nil: "not finished"
        case .cancelled: "cancelled"
        case .maxTokens: "the limit of tokens was reached"
        case .contextExceeded: "the context was full"
        case .toolLimit: "the limit of tool rounds was reached"
        case .timeLimit: "the time was up"
        case let status?: status.rawValue
        }
    }
}
