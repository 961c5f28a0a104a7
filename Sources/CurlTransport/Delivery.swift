/// What one pass of the engine brought for one event loop: all bodies in one arena, and events that point into it.
///
/// Filled on the engine's thread, then handed over whole, read and emptied on the event loop, then handed back: never
/// touched by both at once (`TransferQueue`'s lock is between), hence unchecked.
final class Delivery: @unchecked Sendable {
    enum Event {
        case head(Transfer, ResponseHead)
        case body(Transfer, Range<Int>)
        case ended(Transfer, TransferError?)
        /// A cancelled transfer's socket is closed.
        case closed(@Sendable () -> Void)
    }

    /// An arena larger than this is given back to the allocator when it has been read: 256 KiB is far more than one pass
    /// over token streams brings, and a burst shall not stay in memory.
    private static let keptCapacityBytes = 256 * 1024

    private(set) var events: [Event] = []
    private var arena = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private(set) var byteCount = 0

    var isEmpty: Bool { events.isEmpty }
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: arena[..<byteCount]) }

    deinit { arena.deallocate() }

    func append(_ event: Event) {
        events.append(event)
    }

    func append(_ body: UnsafeRawBufferPointer, for transfer: Transfer) {
        let start = byteCount
        let end = start + body.count
        if end > arena.count { grow(to: end) }
        UnsafeMutableRawBufferPointer(rebasing: arena[start..<end]).copyMemory(from: body)
        byteCount = end
        // libcurl calls once for each HTTP chunk; what lies side by side is one piece to the receiver.
        if case .body(let last, let range)? = events.last, last === transfer {
            events[events.count - 1] = .body(transfer, range.lowerBound..<end)
        } else {
            events.append(.body(transfer, start..<end))
        }
    }

    func removeAll() {
        events.removeAll(keepingCapacity: true)
        byteCount = 0
        if arena.count > Self.keptCapacityBytes {
            arena.deallocate()
            arena = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        }
    }

    private func grow(to needed: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(needed, arena.count * 2, 4096), alignment: 16)
        larger.copyMemory(from: bytes)
        arena.deallocate()
        arena = larger
    }
}
