import CCurl
import Glibc
import Logging
import NIOConcurrencyHelpers

/// The thread that owns libcurl's multi handle and every socket of it.
///
/// Everything here is touched on that thread only, once `start` has handed it over; hence unchecked.
final class EngineThread: @unchecked Sendable {
    let configuration: CurlEngine.Configuration
    let authorities: AuthoritySource
    private let commands: EngineCommands
    private let logger: Logger
    /// Nil once the shutdown has closed every connection.
    private var multi: UnsafeMutableRawPointer?
    private let poller: SocketPoller
    /// When libcurl wants to be called though no socket is ready; monotonic nanoseconds.
    private var deadline: UInt64?
    /// Keeps the transfers alive that libcurl's callbacks point to.
    private var active: [ObjectIdentifier: EasyTransfer] = [:]
    /// Which transfer libcurl uses a socket for, to find sockets that a cancel has left open.
    private var socketOwners: [curl_socket_t: EasyTransfer] = [:]
    /// The queues that this pass has brought something for.
    private var touched: [TransferQueue] = []
    private var shutdownWaiters: [CheckedContinuation<Void, Never>]?

    init(commands: EngineCommands, configuration: CurlEngine.Configuration, logger: Logger) throws(TransferError) {
        self.commands = commands
        self.configuration = configuration
        self.logger = logger
        authorities = AuthoritySource(configured: configuration.authoritiesFile)
        poller = try SocketPoller(wakeUp: commands.wakeUp)
        guard let multi = curl_multi_init() else {
            throw TransferError(.unavailable, message: "curl_multi_init failed")
        }
        self.multi = multi
    }

    /// Only where the thread never ran; else `finish` has done it.
    deinit { curl_multi_cleanup(multi) }

    /// Starts the thread, which holds this object until the shutdown.
    func start() throws(TransferError) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = whinchat_multi_set_socket_callback(multi, Self.onSocket, context)
        _ = whinchat_multi_set_timer_callback(multi, Self.onTimer, context)
        // As many connections to a provider as there are streams: how many those may be is for the layers above to say.
        _ = whinchat_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, 0)
        _ = whinchat_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 0)
        boundIdleConnections()

        var thread = pthread_t()
        let retained = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let engine = Unmanaged<EngineThread>.fromOpaque(context).takeRetainedValue()
                whinchat_name_thread("curl-engine")
                engine.blockSignals()
                engine.run()
                return nil
            }, retained.toOpaque())
        guard code == 0 else {
            retained.release()
            throw TransferError(.unavailable, message: "pthread_create failed, errno \(code)")
        }
        pthread_detach(thread)
    }

    // MARK: For the transfers' callbacks

    /// The delivery that this pass fills for a queue.
    func delivery(for queue: TransferQueue) -> Delivery {
        if let delivery = queue.outbox.delivery { return delivery }
        let delivery = queue.takeSpareDelivery()
        queue.outbox.delivery = delivery
        touched.append(queue)
        return delivery
    }

    /// Notes that libcurl has been told to pause a transfer until its queue has room.
    func pause(_ transfer: EasyTransfer) {
        guard !transfer.isPaused else { return }
        transfer.isPaused = true
        transfer.queue.outbox.paused.append(transfer)
        transfer.queue.outbox.mustAskForRoom = true
    }

    // MARK: The loop

    private func run() {
        var storage: [EngineCommand] = []
        while shutdownWaiters == nil {
            let hasCommands = poller.wait(until: deadline) { socket, ready in
                var running: Int32 = 0
                _ = curl_multi_socket_action(multi, socket, ready, &running)
            }
            if hasCommands {
                var taken = commands.takeAll(reusing: storage)
                for command in taken { apply(command) }
                taken.removeAll(keepingCapacity: true)
                storage = taken
            }
            if let deadline, deadline <= SocketPoller.now() {
                self.deadline = nil
                var running: Int32 = 0
                _ = curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running)
            }
            endFinishedTransfers()
            handOver()
        }
        finish()
    }

    private func apply(_ command: EngineCommand) {
        switch command {
        case .start(let transfer, let request): start(transfer, request)
        case .cancel(let transfer, let whenClosed):
            close(transfer)
            if let whenClosed { delivery(for: transfer.queue).append(.closed(whenClosed)) }
        case .resume(let queue): resume(queue)
        case .shutdown(let waiter): shutdownWaiters = (shutdownWaiters ?? []) + (waiter.map { [$0] } ?? [])
        }
    }

    private func start(_ transfer: EasyTransfer, _ request: TransferRequest) {
        var error = transfer.prepare(request, for: self)
        if error == nil, let handle = transfer.handle {
            active[ObjectIdentifier(transfer)] = transfer
            boundIdleConnections()
            let code = curl_multi_add_handle(multi, handle)
            if code == CURLM_OK { return }
            active[ObjectIdentifier(transfer)] = nil
            error = TransferError(
                .unavailable, message: "curl_multi_add_handle: " + String(cString: curl_multi_strerror(code)))
        }
        end(transfer, error)
    }

    /// Tells the queue of the end and forgets the transfer, whose handle libcurl no longer has.
    private func end(_ transfer: EasyTransfer, _ error: TransferError?) {
        if let target = transfer.target { delivery(for: transfer.queue).append(.ended(target, error)) }
        forget(transfer)
    }

    private func forget(_ transfer: EasyTransfer) {
        transfer.target = nil
        transfer.release()
        if let socket = transfer.socket, socketOwners[socket] === transfer { socketOwners[socket] = nil }
        transfer.socket = nil
        active[ObjectIdentifier(transfer)] = nil
    }

    /// Ends a transfer without a word, and its connection at once.
    private func close(_ transfer: EasyTransfer) {
        // Ended by itself: whoever uses its connection now shall keep it.
        guard active[ObjectIdentifier(transfer)] != nil, let handle = transfer.handle else { return }
        // libcurl closes the connection of a transfer that is removed before its end: it could not be used again.
        curl_multi_remove_handle(multi, handle)
        if let socket = transfer.socket {
            // Not seen with libcurl 7.88. A libcurl that wants to close it later shall not keep the provider generating.
            logger.debug("libcurl kept the socket of a cancelled transfer open")
            Glibc.shutdown(socket, Int32(SHUT_RDWR))
        }
        forget(transfer)
        boundIdleConnections()
    }

    private func resume(_ queue: TransferQueue) {
        let paused = queue.outbox.paused
        queue.outbox.paused = []
        for transfer in paused {
            transfer.isPaused = false
            // May call `receivedBody` on the spot, which may pause again.
            if let handle = transfer.handle { curl_easy_pause(handle, CURLPAUSE_CONT) }
        }
    }

    private func endFinishedTransfers() {
        var left: Int32 = 0
        var hasEnded = false
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else { continue }
            let code = whinchat_message_result(message)
            guard let transfer = Self.transfer(of: handle) else { continue }
            curl_multi_remove_handle(multi, handle)
            end(transfer, transfer.error(for: code))
            hasEnded = true
        }
        if hasEnded { boundIdleConnections() }
    }

    private func handOver() {
        // By index: asking for room may resume transfers, which may touch more queues.
        var index = 0
        while index < touched.count {
            let queue = touched[index]
            index += 1
            if let delivery = queue.outbox.delivery {
                queue.outbox.delivery = nil
                queue.hand(over: delivery)
            }
            if queue.outbox.mustAskForRoom {
                queue.outbox.mustAskForRoom = false
                if !queue.askForRoom() { resume(queue) }
            }
        }
        touched.removeAll(keepingCapacity: true)
    }

    /// Ends what is left. Commands that came too late are answered, none is lost.
    private func finish() {
        let late = commands.close()
        for transfer in active.values {
            if let handle = transfer.handle { curl_multi_remove_handle(multi, handle) }
            end(transfer, .engineIsShutDown)
        }
        for command in late {
            if case .start(let transfer, _) = command {
                end(transfer, .engineIsShutDown)
            } else {
                apply(command)
            }
        }
        handOver()
        let waiters = shutdownWaiters ?? []
        curl_multi_cleanup(multi)
        multi = nil
        poller.close()
        waiters.forEach { $0.resume() }
    }

    /// CURLMOPT_MAXCONNECTS counts the connections in use too, so it moves with them: where they are more as a transfer
    /// ends, libcurl closes the oldest idle one. The one that is just ending still counts as in use.
    private func boundIdleConnections() {
        let limit = max(1, active.count - 1 + configuration.idleConnectionLimit)
        _ = whinchat_multi_set_long(multi, CURLMOPT_MAXCONNECTS, limit)
    }

    /// A peer that has gone must not end the process: OpenSSL writes without MSG_NOSIGNAL.
    private func blockSignals() {
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    // MARK: libcurl's callbacks

    private static func transfer(of handle: UnsafeMutableRawPointer) -> EasyTransfer? {
        var context: UnsafeMutableRawPointer?
        guard whinchat_easy_get_private(handle, &context) == CURLE_OK, let context else { return nil }
        return Unmanaged<EasyTransfer>.fromOpaque(context).takeUnretainedValue()
    }

    private static let onSocket: curl_socket_callback = { handle, socket, what, context, _ in
        guard let context else { return -1 }
        let engine = Unmanaged<EngineThread>.fromOpaque(context).takeUnretainedValue()
        engine.poller.watch(socket, what)
        if what != CURL_POLL_REMOVE, let handle, let transfer = transfer(of: handle), transfer.socket != socket {
            transfer.hasReachedNetwork = true
            transfer.socket = socket
            engine.socketOwners[socket] = transfer
        }
        return 0
    }

    private static let onTimer: curl_multi_timer_callback = { _, milliseconds, context in
        guard let context else { return -1 }
        let engine = Unmanaged<EngineThread>.fromOpaque(context).takeUnretainedValue()
        engine.deadline = milliseconds < 0 ? nil : SocketPoller.now() + UInt64(milliseconds) * 1_000_000
        return 0
    }

    /// CURLOPT_CLOSESOCKETFUNCTION: the context is the engine, as a connection outlives the transfer that opened it.
    static let onClose: curl_closesocket_callback = { context, socket in
        guard let context else { return Glibc.close(socket) }
        let engine = Unmanaged<EngineThread>.fromOpaque(context).takeUnretainedValue()
        if let owner = engine.socketOwners.removeValue(forKey: socket), owner.socket == socket { owner.socket = nil }
        engine.poller.forget(socket)
        return Glibc.close(socket)
    }
}
