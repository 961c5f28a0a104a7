import Sessions
import Synchronization

extension FollowerID {
    private static let last = Atomic<Int>(0)

    /// One that nobody had in this process.
    static func next() -> FollowerID {
        FollowerID(rawValue: last.add(1, ordering: .relaxed).newValue)
    }
}
