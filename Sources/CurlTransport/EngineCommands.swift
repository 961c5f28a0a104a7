import CCurl
import Glibc
import NIOConcurrencyHelpers

/// What event loops ask of the engine.
enum EngineCommand: Sendable {
    case start(EasyTransfer, TransferRequest)
    case cancel(EasyTransfer, whenClosed: (@Sendable () -> Void)?)
    /// The queue has room again: its paused transfers go on.
    case resume(TransferQueue)
    /// The continuation is resumed when the thread has let go of everything.
    case shutdown(CheckedContinuation<Void, Never>?)
}

/// The commands that wait for the engine. Any thread adds, the engine's thread takes them all at once.
final class EngineCommands: Sendable {
    private struct State {
        var waiting: [EngineCommand] = []
        var isClosed = false
    }

    private let state = NIOLockedValueBox(State())
    /// An eventfd that is readable while commands wait; the engine's epoll watches it.
    let wakeUp: Int32

    init() throws(TransferError) {
        wakeUp = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard wakeUp >= 0 else { throw TransferError(.unavailable, message: "eventfd failed, errno \(errno)") }
    }

    deinit { _ = Glibc.close(wakeUp) }

    /// Adds a command; false if the engine has shut down and will not see it.
    func post(_ command: EngineCommand) -> Bool {
        let (isAccepted, isFirst) = state.withLockedValue { state in
            guard !state.isClosed else { return (false, false) }
            state.waiting.append(command)
            return (true, state.waiting.count == 1)
        }
        // Only the first of a batch wakes the engine: it takes all that wait.
        if isFirst { _ = eventfd_write(wakeUp, 1) }
        return isAccepted
    }

    /// Takes what waits. `reusing` gives the next batch its storage.
    func takeAll(reusing storage: [EngineCommand] = []) -> [EngineCommand] {
        var count: eventfd_t = 0
        _ = eventfd_read(wakeUp, &count)
        return state.withLockedValue { state in
            let taken = state.waiting
            state.waiting = storage
            return taken
        }
    }

    /// Takes what waits and refuses all that comes later.
    func close() -> [EngineCommand] {
        state.withLockedValue { state in
            let taken = state.waiting
            state.waiting = []
            state.isClosed = true
            return taken
        }
    }
}
