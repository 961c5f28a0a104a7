import JSON

/// The terminal client's side of a conversation, without terminal or socket: it is told what happened, and says what to do.
struct TerminalChat {
    enum Input: Equatable {
        /// The WebSocket is open.
        case opened
        /// A line that `readLine` had asked for.
        case line(String)
        /// There are no more lines.
        case endOfInput
        /// A frame from the server.
        case frame(JSONValue)
        /// Ctrl-C.
        case interrupt
        /// The connection has ended.
        case closed(reason: String)
    }

    enum Action: Equatable {
        case send(JSONValue)
        /// A piece of a reply, as it is.
        case write(String)
        /// A line about the conversation.
        case note(String)
        /// The next line is wanted; a person sees a prompt.
        case readLine
        /// A person sees a prompt; the next line has been asked for already.
        case prompt
        /// The next line is wanted for an answer to a question, unless it has been asked for already.
        case ask(question: String, readsLine: Bool)
        /// The end, with an exit code.
        case leave(Int32)
    }

    private enum State: Equatable {
        case opening
        case idle
        /// A command whose turn has not ended, by the command's `id`.
        case running(id: String, isCancelled: Bool)
        case left
    }

    /// Exit codes: a turn that failed; Ctrl-C (128 + SIGINT).
    private static let failure: Int32 = 1
    private static let interrupted: Int32 = 130

    static let help =
        "/new begins another session, /retry asks for the last reply again, /quit leaves; Ctrl-C stops a reply"

    let isInteractive: Bool
    private let idPrefix: String
    private var state = State.opening
    private var commandCount = 0
    private var exitCode: Int32 = 0

    /// The running turn, once the server has named it.
    var turn: String?
    /// The kinds of the turn's blocks by index, and the names of its tool calls.
    var blockKinds: [Int: String] = [:]
    var toolNames: [String: String] = [:]
    /// Whether the reply's text so far ends a line.
    var isAtLineStart = true
    /// The turn's calls that wait for a person's word, in their order: the first one is being asked about.
    var approvals: [Approval] = []

    /// Whether a line has been asked for that has not come.
    private var isReading = false
    private var isInputOver = false

    /// - Parameter idPrefix: begins every command's `id`: unlike another client's in the same session
    init(isInteractive: Bool, idPrefix: String) {
        self.isInteractive = isInteractive
        self.idPrefix = idPrefix
    }

    mutating func received(_ input: Input) -> [Action] {
        if case .line = input { lineCame() }
        switch (state, input) {
        case (.left, _):
            return []
        case (_, .opened):
            return [.send(["type": "open"])]
        case (_, .closed(let reason)):
            return note("The connection has ended: \(reason)") + leave(Self.failure)
        case (.idle, .line(let line)):
            return said(line)
        case (_, .line(let line)) where !approvals.isEmpty:
            return answered(line)
        case (_, .line):
            // Asked for a word that somebody else has given meanwhile.
            return []
        case (_, .endOfInput):
            isInputOver = true
            // A reply that was asked for is heard to its end.
            if case .running = state { return answered("") }
            return leave(exitCode)
        case (_, .interrupt):
            return interrupt()
        case (_, .frame(let frame)):
            return received(frame)
        }
    }

    /// The end of a turn or of a command that began none.
    mutating func ended(failed: Bool) -> [Action] {
        if failed { exitCode = Self.failure }
        state = .idle
        turn = nil
        blockKinds = [:]
        toolNames = [:]
        approvals = []
        return readLine()
    }

    /// The server has opened a session.
    mutating func welcomed() -> [Action] {
        guard state == .opening else { return [] }
        state = .idle
        return readLine()
    }

    private mutating func readLine() -> [Action] {
        guard !isInputOver else { return leave(exitCode) }
        defer { isReading = true }
        return isReading ? [.prompt] : [.readLine]
    }

    /// Asks for the next line, as the answer to a question.
    mutating func ask(_ question: String) -> [Action] {
        let shown = isInteractive ? endLine() : []
        if isInteractive { isAtLineStart = false }
        defer { isReading = true }
        return shown + [.ask(question: question, readsLine: !isReading)]
    }

    private mutating func lineCame() {
        isReading = false
        // Who answers a question ends its line.
        if isInteractive { isAtLineStart = true }
    }

    /// Whether there are no more lines to ask for.
    var hasNoInput: Bool { isInputOver }

    /// An `id` for the next command.
    mutating func nextID() -> String {
        commandCount += 1
        return "\(idPrefix)-\(commandCount)"
    }

    /// What the server refused: the command that runs, the opening, or something else.
    mutating func refused(ref: String?) -> [Action] {
        switch state {
        case .opening: leave(Self.failure)
        case .running(let id, _) where ref == id: ended(failed: true)
        case .idle, .running, .left: []
        }
    }

    /// Whether an event belongs to the command that runs.
    func isOurs(ref: String?) -> Bool {
        if case .running(let id, _) = state { ref == id } else { false }
    }

    mutating func endLine() -> [Action] {
        guard !isAtLineStart else { return [] }
        isAtLineStart = true
        return [.write("\n")]
    }

    /// A line of its own. Where the replies go elsewhere than the notes, it does not cut them.
    mutating func note(_ line: String) -> [Action] {
        (isInteractive ? endLine() : []) + [.note(line)]
    }

    mutating func leave(_ code: Int32) -> [Action] {
        state = .left
        return [.leave(code)]
    }

    private mutating func said(_ line: String) -> [Action] {
        switch line.trimmed {
        case "":
            return readLine()
        case "/quit":
            return leave(exitCode)
        case "/new":
            state = .opening
            return [.send(["type": "open"])]
        case "/retry":
            return run(["type": "regenerate"])
        case "/help":
            return [.note(Self.help)] + readLine()
        case let text where text.hasPrefix("/") && !text.dropFirst().contains("/") && !text.contains(" "):
            return [.note("There is no \(text). \(Self.help)")] + readLine()
        default:
            return run(["type": "send", "text": .string(line)])
        }
    }

    private mutating func run(_ command: [String: JSONValue]) -> [Action] {
        let id = nextID()
        state = .running(id: id, isCancelled: false)
        return [.send(.object(command.merging(["id": .string(id)]) { _, id in id }))]
    }

    private mutating func interrupt() -> [Action] {
        switch state {
        case .running(let id, isCancelled: false):
            state = .running(id: id, isCancelled: true)
            var cancel: [String: JSONValue] = ["type": "cancel"]
            if let turn { cancel["turn"] = .string(turn) } else { cancel["send"] = .string(id) }
            return note("Stopping. Ctrl-C again leaves.") + [.send(.object(cancel))]
        case .idle where isInteractive:
            return [.write("\n")] + leave(0)
        case .opening, .idle, .running, .left:
            return endLine() + leave(Self.interrupted)
        }
    }
}

extension String {
    /// Without white space before and after it.
    var trimmed: String {
        String(String(drop(while: \.isWhitespace).reversed()).drop(while: \.isWhitespace).reversed())
    }
}
