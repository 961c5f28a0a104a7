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
}
