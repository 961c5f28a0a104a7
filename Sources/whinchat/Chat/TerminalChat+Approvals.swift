import JSON

/// A person's word on the calls that want one.
extension TerminalChat {
    /// A call that waits for it.
    struct Approval: Equatable {
        var call: String
        /// The tool's name, and all of its input: nobody should allow what they cannot see.
        var name: String
        var input: String
        /// The command that carried the word, once it has been said.
        var answeredBy: String?
    }

    /// The server asks about a call: after those that it has asked about before.
    mutating func approvalWanted(_ frame: JSONValue) -> [Action] {
        guard let call = frame["call"]?.stringValue else { return [] }
        let name = Self.line(frame["name"]?.stringValue ?? "tool")
        toolNames[call] = name
        let input = Self.printable(frame["input"]?.jsonText ?? "")
        approvals.append(Approval(call: call, name: name, input: input))
        return approvals.count == 1 ? askNext() : []
    }

    /// Somebody has said a word, we or another client.
    mutating func approvalGiven(_ frame: JSONValue) -> [Action] {
        guard let index = approvals.firstIndex(where: { $0.call == frame["call"]?.stringValue }) else { return [] }
        let approval = approvals.remove(at: index)
        let shown = note("[\(approval.name): \(frame["decision"]?.stringValue == "allow" ? "allowed" : "denied")]")
        return shown + (index == 0 ? askNext() : [])
    }

    /// The answer to the question: only a yes is one.
    mutating func answered(_ line: String) -> [Action] {
        guard !approvals.isEmpty, approvals[0].answeredBy == nil else { return [] }
        let word = line.trimmed.lowercased()
        let isYes = ["y", "yes"].contains(word)
        if isInteractive, !hasNoInput, !isYes, !["n", "no"].contains(word) { return askNext() }
        let id = nextID()
        approvals[0].answeredBy = id
        return [
            .send([
                "type": "tool.approve", "id": .string(id), "call": .string(approvals[0].call),
                "decision": isYes ? "allow" : "deny",
            ])
        ]
    }

    /// A word that the server did not take: where the call waits on, it is asked about again.
    mutating func answerRefused(_ frame: JSONValue) -> [Action] {
        guard let id = frame["ref"]?.stringValue, approvals.first?.answeredBy == id,
            frame["code"]?.stringValue != "conflict"
        else { return [] }
        approvals[0].answeredBy = nil
        return askNext()
    }

    private mutating func askNext() -> [Action] {
        guard let next = approvals.first else { return [] }
        // With nobody to ask it is a no.
        return hasNoInput ? answered("") : ask("Allow \(next.name) \(next.input)? [y/n] ")
    }
}
