import Glibc

/// A point in time by two clocks: the monotonic one to measure with, the wall clock to compare with other machines' logs.
package struct Moment: Hashable, Sendable {
    package let monotonicNanoseconds: UInt64
    package let unixNanoseconds: UInt64

    package static func now() -> Moment {
        Moment(monotonicNanoseconds: read(CLOCK_MONOTONIC), unixNanoseconds: read(CLOCK_REALTIME))
    }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
