package import Conversation

/// A tool call that waits for somebody outside of the server.
package struct WaitingCall: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// A person is to say whether it may run.
        case approval
        /// A client runs it.
        case client
        /// A person has said no, and the model is about to be told.
        case denied
    }

    package var call: ToolCall
    package var kind: Kind
    /// Milliseconds since 1970: from when on nobody is waited for.
    package var deadline: Int64

    package init(call: ToolCall, kind: Kind, deadline: Int64) {
        self.call = call
        self.kind = kind
        self.deadline = deadline
    }
}
