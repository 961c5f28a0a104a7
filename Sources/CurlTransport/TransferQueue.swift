package import NIOCore
import NIOConcurrencyHelpers
import Synchronization

/// An event loop's way to the engine, and the engine's way back.
package final class TransferQueue: Sendable {
    private struct Inbox {
        var waiting: [Delivery] = []
        var spare: [Delivery] = []
        /// An `execute` is on its way that will take what waits.
        var isScheduled = false
        /// The engine holds paused transfers of this queue and wants to hear when there is room.
        var wantsRoom = false
    }

    /// Two deliveries go round: one is filled while the other is read.
    private static let spareLimit = 2

    package let eventLoop: any EventLoop
    /// Bytes of bodies that the engine has read and the receivers have not. Above `limitBytes` the engine stops reading for
    /// this queue, and goes on when half of it has been delivered.
    let undeliveredBytes = Atomic<Int>(0)
    let limitBytes: Int
    let outbox = QueueOutbox()
    private let commands: EngineCommands
    private let inbox = NIOLockedValueBox(Inbox())

    init(eventLoop: any EventLoop, commands: EngineCommands, limitBytes: Int) {
        self.eventLoop = eventLoop
        self.commands = commands
        self.limitBytes = limitBytes
    }

    /// Starts a transfer. Called on the event loop; `receiver` hears of it on the same loop, after this has returned. It is
    /// held until the transfer has ended or is cancelled, also where the caller drops the `Transfer`.
    package func start(_ request: TransferRequest, receiver: any TransferReceiver) -> Transfer {
        eventLoop.preconditionInEventLoop()
        let transfer = Transfer(queue: self, receiver: receiver)
        if let error = request.refusal {
            eventLoop.execute { transfer.end(error) }
        } else if !commands.post(.start(transfer.easy, request)) {
            eventLoop.execute { transfer.end(.engineIsShutDown) }
        }
        return transfer
    }

    func cancel(_ transfer: EasyTransfer, whenClosed: (@Sendable () -> Void)?) {
        if !commands.post(.cancel(transfer, whenClosed: whenClosed)) { whenClosed?() }
    }

    // MARK: On the engine's thread

    func takeSpareDelivery() -> Delivery {
        inbox.withLockedValue { $0.spare.popLast() } ?? Delivery()
    }

    /// Hands a delivery to the event loop: one `execute`, or none where one is still on its way.
    func hand(over delivery: Delivery) {
        undeliveredBytes.add(delivery.byteCount, ordering: .relaxed)
        let mustSchedule = inbox.withLockedValue { inbox in
            inbox.waiting.append(delivery)
            defer { inbox.isScheduled = true }
            return !inbox.isScheduled
        }
        if mustSchedule { eventLoop.execute { self.deliver() } }
    }

    /// Asks for a `resume` when there is room. False if there is room already, and no `resume` will come.
    func askForRoom() -> Bool {
        inbox.withLockedValue { inbox in
            inbox.wantsRoom = undeliveredBytes.load(ordering: .relaxed) > limitBytes / 2
            return inbox.wantsRoom
        }
    }

    // MARK: On the event loop

    private func deliver() {
        let deliveries = inbox.withLockedValue { inbox in
            inbox.isScheduled = false
            let waiting = inbox.waiting
            inbox.waiting = []
            return waiting
        }
        for delivery in deliveries {
            read(delivery)
            let byteCount = delivery.byteCount
            delivery.removeAll()
            let hasRoomAgain = inbox.withLockedValue { inbox in
                if inbox.spare.count < Self.spareLimit { inbox.spare.append(delivery) }
                let undelivered = undeliveredBytes.subtract(byteCount, ordering: .relaxed).newValue
                guard inbox.wantsRoom, undelivered <= limitBytes / 2 else { return false }
                inbox.wantsRoom = false
                return true
            }
            if hasRoomAgain { _ = commands.post(.resume(self)) }
        }
    }

    private func read(_ delivery: Delivery) {
        let bytes = delivery.bytes
        for event in delivery.events {
            switch event {
            case .head(let transfer, let head): transfer.receive(head)
            case .body(let transfer, let range): transfer.receive(UnsafeRawBufferPointer(rebasing: bytes[range]))
            case .ended(let transfer, let error): transfer.end(error)
            case .closed(let whenClosed): whenClosed()
            }
        }
    }
}
