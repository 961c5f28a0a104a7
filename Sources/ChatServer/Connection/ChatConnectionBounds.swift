import NIOCore

/// How long a connection may wait, and how it is told to come back.
enum ChatConnectionBounds {
    /// From the handshake to the first `open`. 30 s: a client says it at once, a person at a terminal needs a little.
    static let openWait = Duration.seconds(30)
    /// The most bytes of errors and pongs that wait for a client that does not read. 256 KiB: a client that asks thousands of
    /// times without reading once wants no answers.
    static let unreadBytes = 256 * 1024
    /// The most bytes of frames that wait for an `open` to be answered. 4 MiB: four of the largest; an answer takes milliseconds.
    static let heldBytes = 4 * 1024 * 1024
    /// How long a socket may take nothing although there is something to send. 20 s, as for the answer to a ping: whoever was in
    /// a tunnel for longer comes back and goes on where he was.
    static let stalledWait = Duration.seconds(20)
    /// The most bytes that a connection keeps for the frames it sends next. 512: a token's frame fits. What a snapshot fills would
    /// stay with an idle connection, tens of kilobytes; a batch that is larger than this is worth an allocation.
    static let keptFrameBytes = 512
    /// What `going_away` tells a client to wait. 1 s: a restart takes about that.
    static let reconnectAfter = Duration.seconds(1)
}

/// How many frames a client sends, against its bound: a bucket that fills with time.
struct FloodGauge {
    /// Frames a second, on average. 100: a person causes a few, a test hardly more.
    static let framesPerSecond = 100
    /// Frames at once. 500: what a client may have kept while it was offline.
    static let burst = 500

    private var tokens = Double(burst)
    private var last: NIODeadline?

    /// Counts one frame; false: it is one too many.
    mutating func admits(at now: NIODeadline) -> Bool {
        if let last {
            let seconds = Double((now - last).nanoseconds) / 1e9
            tokens = min(Double(Self.burst), tokens + seconds * Double(Self.framesPerSecond))
        }
        last = now
        tokens -= 1
        return tokens >= 0
    }
}
