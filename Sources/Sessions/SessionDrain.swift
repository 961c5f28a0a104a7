import Synchronization

/// Whether the server is about to end: no turn starts any more.
package final class SessionDrain: Sendable {
    private let flag = Atomic(false)

    package init() {}

    package var isDraining: Bool { flag.load(ordering: .acquiring) }

    func begin() { flag.store(true, ordering: .releasing) }
}
