import NIOConcurrencyHelpers

/// Holds an event loop up, as an overloaded one would be, until the test lets it go.
final class LoopGate: Sendable {
    private let isOpen = ConditionLock(value: false)

    /// Blocks until `open`; the second call and later ones pass at once then.
    func waitOnce() {
        isOpen.lock(whenValue: true)
        isOpen.unlock()
    }

    func open() {
        isOpen.lock()
        isOpen.unlock(withValue: true)
    }
}

/// How much a provider has sent.
final class SentBytes: Sendable {
    private let count = NIOLockedValueBox(0)
    var value: Int { count.withLockedValue { $0 } }
    func add(_ bytes: Int) { count.withLockedValue { $0 += bytes } }
}
