package import Conversation
package import JSON

/// What a client says, checked against the protocol's shapes and bounds.
package struct ClientFrame: Hashable, Sendable {
    /// The command's own id: its answers and events carry it back as `ref`.
    package var id: String?
    package var command: ClientCommand

    package init(id: String?, command: ClientCommand) {
        self.id = id
        self.command = command
    }
}

package enum ClientCommand: Hashable, Sendable {
    case open(Open)
    case send(Send)
    case cancel(Cancel)
    case regenerate(Regenerate)
    case edit(Edit)
    /// Make the branch of a message, named by its id, the one that is shown and continued.
    case select(String)
    /// Change the session's settings from the next turn on. An empty change is allowed and changes nothing.
    case configure(SettingsChange)
    case history(History)
    /// Ask what the session has used so far.
    case stats
    /// Empty the session's history; its settings stay.
    case clear
    /// Remove the session.
    case delete
    /// The answer of a tool that the client runs.
    case toolResult(ToolAnswer)
    /// A person's word on a tool call.
    case toolApprove(ToolDecision)
    case ping(JSONValue?)

    /// Follow a session, or make one.
    package struct Open: Hashable, Sendable {
        package var session: String?
        package var epoch: String?
        package var after: Int?
        package var create: SettingsChange?
        /// The tools that this client runs itself.
        package var clientTools: [ToolDescription]
        /// How many messages a snapshot holds at most.
        package var history: Int

        package init(
            session: String? = nil, epoch: String? = nil, after: Int? = nil, create: SettingsChange? = nil,
            clientTools: [ToolDescription] = [], history: Int = ProtocolLimits.historyMessagesDefault
        ) {
            self.session = session
            self.epoch = epoch
            self.after = after
            self.create = create
            self.clientTools = clientTools
            self.history = history
        }
    }

    /// Say something.
    package struct Send: Hashable, Sendable {
        package var text: String
        package var onBusy: OnBusy
        package var options: SettingsChange

        package init(text: String, onBusy: OnBusy = .queue, options: SettingsChange = SettingsChange()) {
            self.text = text
            self.onBusy = onBusy
            self.options = options
        }
    }

    /// Stop a turn: the one named by its id or by the id of its `send`, or the running one.
    package struct Cancel: Hashable, Sendable {
        package var turn: String?
        package var send: String?

        package init(turn: String? = nil, send: String? = nil) {
            self.turn = turn
            self.send = send
        }
    }

    /// Ask again.
    package struct Regenerate: Hashable, Sendable {
        /// The reply that is asked for again; nil: the last one.
        package var message: String?
        package var onBusy: OnBusy

        package init(message: String? = nil, onBusy: OnBusy = .interrupt) {
            self.message = message
            self.onBusy = onBusy
        }
    }

    /// Say a user message differently: a sibling of it, and a reply to that.
    package struct Edit: Hashable, Sendable {
        /// The user message that is said differently.
        package var message: String
        package var text: String
        package var onBusy: OnBusy

        package init(message: String, text: String, onBusy: OnBusy = .interrupt) {
            self.message = message
            self.text = text
            self.onBusy = onBusy
        }
    }

    /// Ask for older messages.
    package struct History: Hashable, Sendable {
        /// The message whose parents are wanted; it is not among them.
        package var before: String
        /// How many messages the answer holds at most, from 1 to `ProtocolLimits.historyMessages`.
        package var limit: Int

        package init(before: String, limit: Int = ProtocolLimits.historyMessagesDefault) {
            self.before = before
            self.limit = limit
        }
    }
}

/// What becomes of a command that wants a turn while another runs.
package enum OnBusy: String, Hashable, Sendable, CaseIterable {
    case queue, interrupt, reject
}
