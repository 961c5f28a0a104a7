import NIOCore
import Synchronization
import WhinchatTesting

/// One reply under way: tokens at a rate, then its end.
///
/// Touched only on its connection's event loop, hence unchecked.
final class TokenStream: @unchecked Sendable {
    /// The most tokens that a stream without a rate sends in one turn, so that others get theirs: some 100 KB.
    private static let tokensPerTurn = 512

    private let exchange: Exchange
    private let dialect: Dialect
    private let count: Int
    private let ratePerSecond: Int
    private let areStamps: Bool
    private let journal: Journal
    private let wheel: TokenWheel
    private let whenDone: () -> Void
    private let startMilliseconds = TokenWheel.now()
    private var sent = 0
    private var isOver = false

    init(
        _ exchange: Exchange, dialect: Dialect, count: Int, ratePerSecond: Int, areStamps: Bool, journal: Journal,
        whenDone: @escaping () -> Void
    ) {
        self.exchange = exchange
        self.dialect = dialect
        self.count = count
        self.ratePerSecond = ratePerSecond
        self.areStamps = areStamps
        self.journal = journal
        self.whenDone = whenDone
        wheel = .current(on: exchange.connection.channel.eventLoop)
        journal.activeStreams.add(1, ordering: .relaxed)
        exchange.connection.departure.whenComplete { _ in self.isOver = true }
        wheel.add(self)
    }

    deinit { journal.activeStreams.subtract(1, ordering: .relaxed) }

    /// When the next token is to be sent.
    var dueMilliseconds: UInt64 {
        ratePerSecond == 0 ? 0 : startMilliseconds + UInt64((sent + 1) * 1000 / ratePerSecond)
    }

    /// Sends what is due; false once nothing is left to send.
    func advance(to now: UInt64) -> Bool {
        guard !isOver else { return false }
        let channel = exchange.connection.channel
        var turn = 0
        while sent < count, dueMilliseconds <= now, turn < Self.tokensPerTurn, channel.isWritable {
            channel.write(nextChunk(), promise: nil)
            // A token is a write of its own, except where the stream is to go as fast as the socket takes it.
            if ratePerSecond > 0 || turn % 64 == 63 { channel.flush() }
            sent += 1
            turn += 1
        }
        if ratePerSecond == 0 { channel.flush() }
        if turn > 0 { journal.tokensSent.add(turn, ordering: .relaxed) }
        guard sent == count else { return true }
        isOver = true
        whenDone()
        return false
    }

    private func nextChunk() -> ByteBuffer {
        guard areStamps else { return wheel.chunk(sent, dialect) }
        return Exchange.chunk(ByteBuffer(string: dialect.text("\(Moment.now().monotonicNanoseconds) ")))
    }
}
