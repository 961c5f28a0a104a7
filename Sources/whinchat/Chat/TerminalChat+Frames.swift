import JSON

extension TerminalChat {
    /// In scalars: what a line shows of a tool's input or output.
    private static var shownScalars: Int { 200 }

    /// What a server frame changes and shows. Types and fields that this client does not know are passed over.
    mutating func received(_ frame: JSONValue) -> [Action] {
        switch frame["type"]?.stringValue {
        case "welcome":
            var shown: [Action] = []
            if isInteractive {
                let model = frame["settings"]?["model"]?.stringValue.map { ", model \(Self.line($0))" } ?? ""
                shown = [.note("A new session\(model). /help says what there is.")]
            }
            return shown + welcomed()
        case "error":
            let text = Self.line(frame["message"]?.stringValue ?? "")
            let code = Self.line(frame["code"]?.stringValue ?? "error")
            return note("Error: \(text) (\(code))") + answerRefused(frame) + refused(ref: frame["ref"]?.stringValue)
        case "going_away":
            return note("The server is going away.")
        case "session.deleted":
            return note("The session has been deleted.") + leave(1)
        case "queue":
            return note("[waiting for a place: \(frame["position"]?.intValue ?? 1)]")
        case "turn.started" where isOurs(ref: frame["ref"]?.stringValue):
            turn = frame["turn"]?.stringValue
            return []
        case let type? where turn != nil && frame["turn"]?.stringValue == turn:
            return received(type, ofTurn: frame)
        // A turn may end before it has started: cancelled in the queue, or failed.
        case "turn.done" where turn == nil && isOurs(ref: frame["ref"]?.stringValue):
            return received("turn.done", ofTurn: frame)
        default:
            return []
        }
    }

    private mutating func received(_ type: String, ofTurn frame: JSONValue) -> [Action] {
        switch type {
        case "block.started":
            guard let index = frame["index"]?.intValue, let kind = frame["kind"]?.stringValue else { return [] }
            blockKinds[index] = kind
            if let call = frame["call"]?.stringValue, let name = frame["name"]?.stringValue { toolNames[call] = name }
            return kind == "thinking" && isInteractive ? note("[thinking]") : []
        case "delta":
            guard let index = frame["index"]?.intValue, blockKinds[index] == "text",
                let text = frame["text"]?.stringValue.map(Self.printable), let last = text.unicodeScalars.last
            else { return [] }
            isAtLineStart = last == "\n"
            return [.write(text)]
        case "turn.retrying":
            let seconds = Double(frame["delay_ms"]?.intValue ?? 0) / 1000
            return note("[trying again in \(seconds) s: \(Self.line(frame["message"]?.stringValue ?? ""))]")
        case "tool.started":
            let name = frame["name"]?.stringValue ?? "tool"
            if let call = frame["call"]?.stringValue { toolNames[call] = name }
            return note("[\(Self.line(name)) \(Self.text(frame["input"]))]")
        case "tool.approval":
            return approvalWanted(frame)
        case "tool.approved":
            return approvalGiven(frame)
        case "tool.done":
            let name = Self.line(frame["call"]?.stringValue.flatMap { toolNames[$0] } ?? "tool")
            let verb = frame["is_error"]?.boolValue == true ? "failed:" : "→"
            return note("[\(name) \(verb) \(Self.text(frame["output"]))]")
        case "turn.done":
            return done(frame)
        default:
            return []
        }
    }

    private mutating func done(_ frame: JSONValue) -> [Action] {
        let status = frame["status"]?.stringValue ?? "failed"
        var shown = endLine()
        if status != "completed" {
            let message = frame["error"]?["message"]?.stringValue.map { ": \(Self.line($0))" } ?? ""
            shown.append(.note("[\(Self.line(status))\(message)]"))
        }
        return shown + ended(failed: status != "completed")
    }

    private static func text(_ value: JSONValue?) -> String {
        guard let value else { return "" }
        if let text = value.stringValue { return line(text) }
        return line(String(decoding: value.encoded, as: UTF8.self))
    }

    /// The beginning of a text in one line.
    static func line(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(shownScalars) {
            scalars.append(scalar == "\n" || scalar == "\t" ? " " : scalar)
        }
        return printable(String(scalars)) + (text.unicodeScalars.count > shownScalars ? "…" : "")
    }

    /// Without control characters but line ends and tabs: a model's text must not steer the terminal.
    static func printable(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        scalars.append(
            contentsOf: text.unicodeScalars.filter { scalar in
                scalar == "\n" || scalar == "\t" || scalar.properties.generalCategory != .control
            })
        return String(scalars)
    }
}

extension JSONValue {
    /// The value as JSON text.
    var encoded: [UInt8] {
        var text: [UInt8] = []
        write(to: &text)
        return text
    }
}
