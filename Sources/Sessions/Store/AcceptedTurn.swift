package import Conversation

/// A turn as it was accepted: with the `message` that caused it, in the same commit.
package struct AcceptedTurn: Hashable, Sendable {
    /// The command that wanted it.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case send, edit, regenerate
    }

    package var id: String
    package var kind: Kind
    /// The command's `id`: the same one again has no further effect.
    package var ref: String
    /// The user message that is answered.
    package var parent: String
    /// The id that the reply's message will have.
    package var reply: String
    /// The number of the event that acknowledged the command.
    package var seq: Int
    /// The session's settings as they were then, with those of the command itself.
    package var settings: SessionSettings
    /// The tools that the connection which sent the command runs itself.
    package var clientTools: [ToolDescription]

    package init(
        id: String, kind: Kind, ref: String, parent: String, reply: String, seq: Int, settings: SessionSettings,
        clientTools: [ToolDescription] = []
    ) {
        self.id = id
        self.kind = kind
        self.ref = ref
        self.parent = parent
        self.reply = reply
        self.seq = seq
        self.settings = settings
        self.clientTools = clientTools
    }
}
