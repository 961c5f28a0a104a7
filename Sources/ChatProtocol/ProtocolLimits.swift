/// The bounds that the protocol puts on frames, told to every client in `welcome.limits`.
package enum ProtocolLimits {
    /// The largest message from a client, in bytes. 1 MiB: the longest `send` that `messageBytes` allows, with room for
    /// spacing and escapes; a larger one closes the connection with 1009.
    package static let clientFrameBytes = 1024 * 1024
    /// The largest frame from the server, in bytes. 256 KiB: clients with small buffers can count on it.
    package static let serverFrameBytes = 256 * 1024
    /// The longest text of one user message, in Unicode scalars.
    package static let messageScalars = 100_000
    /// The same in bytes, counted as the text is written in a JSON string, so that its `message` frame fits a server frame.
    package static let messageBytes = 200 * 1024
    /// The longest text of one `delta`, in bytes of UTF-8. 16 KiB: a page can draw it within a frame of its screen.
    package static let deltaBytes = 16 * 1024
    /// The most messages in one `snapshot` or `history`.
    package static let historyMessages = 500
    /// How many messages a `snapshot` or a `history` holds where the client does not say.
    package static let historyMessagesDefault = 50
    /// The bytes that messages may fill in one `snapshot` or `history`: a server frame with room for the rest of it.
    package static let historyBytes = 192 * 1024
    /// The most turns that wait in one session, the running one not counted.
    package static let queuedTurns = 16
    /// The most tools that one client declares. 32: more than any example, and they stand in every prompt.
    package static let clientTools = 32
    /// The longest description of such a tool, in Unicode scalars.
    package static let clientToolDescriptionScalars = 2_000
    /// The longest input schema of such a tool, in bytes of JSON. 16 KiB, for the same reason.
    package static let clientToolSchemaBytes = 16 * 1024
    /// What all of them may fill together, names and descriptions included, in bytes. 64 KiB: every connection keeps its own.
    package static let clientToolsBytes = 64 * 1024
    /// The longest result of a tool, in bytes of UTF-8. 32 KiB are about 8,000 tokens, paid for in every prompt that follows.
    package static let toolOutputBytes = 32 * 1024
    /// The longest input of a tool call, in bytes of JSON. 64 KiB: `tool.started` must fit a server frame.
    package static let toolInputBytes = 64 * 1024
    /// The longest reason that a person gives for a no, in Unicode scalars.
    package static let reasonScalars = 1_000
}
