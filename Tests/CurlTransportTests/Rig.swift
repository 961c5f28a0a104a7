import CurlTransport
import Logging
import NIOCore
import NIOPosix
import WhinchatTesting

/// An engine with a queue on one event loop.
struct Rig: Sendable {
    let engine: CurlEngine
    let queue: TransferQueue
    var loop: any EventLoop { queue.eventLoop }

    /// Ignores the proxies of the machine that the tests run on unless told otherwise.
    init(
        _ configuration: CurlEngine.Configuration = .init(proxy: .none),
        on loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
    ) throws {
        engine = try CurlEngine(configuration: configuration, logger: Logger(label: "test"))
        queue = engine.makeQueue(on: loop)
    }

    /// One that trusts the test certificate.
    static func trusting() throws -> Rig {
        try Rig(.init(authoritiesFile: try TestCertificate.shared().file, proxy: .none))
    }

    func start(
        _ request: TransferRequest, onBody: @escaping @Sendable (Recorder) -> Void = { _ in }
    ) async throws -> (transfer: Transfer, recorder: Recorder) {
        try await loop.submit { [queue, loop] in
            let recorder = Recorder(on: loop, onBody: onBody)
            return (queue.start(request, receiver: recorder), recorder)
        }.get()
    }

    func get(_ url: String) async throws -> Recorder {
        try await start(TransferRequest(method: .get, url: url)).recorder
    }

    /// Cancels, and returns when the engine says that the socket is closed.
    func cancelAndWait(_ transfer: Transfer) async throws {
        let closed = loop.makePromise(of: Void.self)
        loop.execute { transfer.cancel { closed.succeed() } }
        try await closed.futureResult.get(waitingFor: "the engine to close the socket")
    }
}
