/// How much a peer may send at once. Checked against what a header says, before any of its payload is kept.
package struct FrameLimits: Equatable, Sendable {
    /// Bytes of payload in one frame. 1 MiB by default: far more than a person types, and little enough that a
    /// thousand connections sending it together fit in memory.
    package var maxFrameBytes: Int
    /// Bytes in one message, all its frames together. 1 MiB by default, for the same reason.
    package var maxMessageBytes: Int

    package init(maxFrameBytes: Int = 1 << 20, maxMessageBytes: Int = 1 << 20) {
        self.maxFrameBytes = maxFrameBytes
        self.maxMessageBytes = maxMessageBytes
    }
}
