import CCurl
import Glibc

/// epoll, for libcurl's sockets and the engine's wake-up.
///
/// Touched only on the engine's thread, hence unchecked.
final class SocketPoller: @unchecked Sendable {
    /// The most sockets that one pass serves. What is ready beyond it waits for the next pass, a few milliseconds later.
    private static let eventsPerPass = 1024

    private let epoll: Int32
    private let wakeUp: Int32
    private let events: UnsafeMutableBufferPointer<epoll_event>
    private var watched: Set<curl_socket_t> = []
    private var isClosed = false

    init(wakeUp: Int32) throws(TransferError) {
        self.wakeUp = wakeUp
        events = .allocate(capacity: Self.eventsPerPass)
        events.initialize(repeating: epoll_event())
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(fd: wakeUp))
        guard epoll >= 0, epoll_ctl(epoll, EPOLL_CTL_ADD, wakeUp, &event) == 0 else {
            throw TransferError(.unavailable, message: "epoll failed, errno \(errno)")
        }
    }

    deinit {
        close()
        events.deallocate()
    }

    func close() {
        guard !isClosed, epoll >= 0 else { return }
        isClosed = true
        _ = Glibc.close(epoll)
    }

    /// Watches a socket as CURLMOPT_SOCKETFUNCTION asks.
    func watch(_ socket: curl_socket_t, _ what: Int32) {
        if what == CURL_POLL_REMOVE {
            guard watched.remove(socket) != nil else { return }
            _ = epoll_ctl(epoll, EPOLL_CTL_DEL, socket, nil)
            return
        }
        var wanted: UInt32 = 0
        if what & CURL_POLL_IN != 0 { wanted |= EPOLLIN.rawValue }
        if what & CURL_POLL_OUT != 0 { wanted |= EPOLLOUT.rawValue }
        var event = epoll_event(events: wanted, data: epoll_data_t(fd: socket))
        let isNew = watched.insert(socket).inserted
        _ = epoll_ctl(epoll, isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event)
    }

    /// A closed socket leaves epoll by itself.
    func forget(_ socket: curl_socket_t) {
        watched.remove(socket)
    }

    /// Waits for ready sockets and serves each.
    ///
    /// - Parameters:
    ///   - deadline: monotonic nanoseconds; nil waits for ever.
    ///   - serve: called with a socket and what is ready, as curl_multi_socket_action(3) takes it.
    /// - Returns: whether commands wait for the engine.
    func wait(until deadline: UInt64?, serve: (curl_socket_t, Int32) -> Void) -> Bool {
        let count = epoll_wait(epoll, events.baseAddress, Int32(events.count), Self.milliseconds(until: deadline))
        var hasCommands = false
        for index in 0..<max(0, Int(count)) {
            let event = events[index]
            if event.data.fd == wakeUp {
                hasCommands = true
                continue
            }
            var ready: Int32 = 0
            if event.events & EPOLLIN.rawValue != 0 { ready |= CURL_CSELECT_IN }
            if event.events & EPOLLOUT.rawValue != 0 { ready |= CURL_CSELECT_OUT }
            if event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { ready |= CURL_CSELECT_ERR }
            // An earlier socket of this pass may have closed this one: libcurl does not know it then, or finds it not ready.
            serve(event.data.fd, ready)
        }
        return hasCommands
    }

    /// Monotonic nanoseconds.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static func milliseconds(until deadline: UInt64?) -> Int32 {
        guard let deadline else { return -1 }
        let now = Self.now()
        // Rounded up: waking early would only spin.
        return deadline <= now ? 0 : Int32(clamping: (deadline - now + 999_999) / 1_000_000)
    }
}
