import NIOCore
import NIOPosix
import WhinchatTesting

/// One timer of an event loop for all its streams: a slot for each millisecond to come, so that a token costs no timer.
///
/// Touched only on its event loop, hence unchecked.
final class TokenWheel: @unchecked Sendable {
    /// A stream that waits longer passes its slot and is put back: 1,024 ms covers every rate above one a second.
    private static let slotCount: UInt64 = 1024

    private static let wheels = ThreadSpecificVariable<TokenWheel>()

    private let eventLoop: any EventLoop
    private var slots: [[TokenStream]] = Array(repeating: [], count: Int(slotCount))
    private var streamCount = 0
    private var lastTick = TokenWheel.now()
    private var ticking: RepeatedTask?
    /// Chunks of tokens that were sent before, ready to be sent again.
    private var chunks: [Dialect: [ByteBuffer]] = [:]

    /// The wheel of the event loop that calls.
    static func current(on eventLoop: any EventLoop) -> TokenWheel {
        if let wheel = wheels.currentValue { return wheel }
        let wheel = TokenWheel(eventLoop: eventLoop)
        wheels.currentValue = wheel
        return wheel
    }

    private init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Monotonic milliseconds.
    static func now() -> UInt64 {
        Moment.now().monotonicNanoseconds / 1_000_000
    }

    /// The HTTP chunk that holds token `index` as an event.
    func chunk(_ index: Int, _ dialect: Dialect) -> ByteBuffer {
        while chunks[dialect, default: []].count <= index {
            let text = dialect.text("w\(chunks[dialect, default: []].count) ")
            chunks[dialect, default: []].append(Exchange.chunk(ByteBuffer(string: text)))
        }
        return chunks[dialect, default: []][index]
    }

    func add(_ stream: TokenStream) {
        let now = Self.now()
        if streamCount == 0 {
            lastTick = now
            ticking = eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(1), delay: .milliseconds(1)) { _ in
                self.tick()
            }
        }
        streamCount += 1
        slot(stream, after: now)
    }

    private func slot(_ stream: TokenStream, after tick: UInt64) {
        let due = min(max(stream.dueMilliseconds, tick + 1), tick + Self.slotCount - 1)
        slots[Int(due % Self.slotCount)].append(stream)
    }

    private func tick() {
        let now = Self.now()
        while lastTick < now {
            lastTick += 1
            let index = Int(lastTick % Self.slotCount)
            guard !slots[index].isEmpty else { continue }
            let streams = slots[index]
            slots[index].removeAll(keepingCapacity: true)
            for stream in streams {
                if stream.advance(to: now) {
                    slot(stream, after: lastTick)
                } else {
                    streamCount -= 1
                }
            }
        }
        if streamCount == 0 {
            ticking?.cancel()
            ticking = nil
        }
    }
}
