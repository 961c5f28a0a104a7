import CurlTransport
import NIOCore
import WhinchatTesting

/// Keeps all that a transfer brings. Lives on its event loop, hence unchecked; tests ask it from outside.
final class Recorder: TransferReceiver, @unchecked Sendable {
    private let loop: any EventLoop
    private let headPromise: EventLoopPromise<ResponseHead>
    private let endPromise: EventLoopPromise<TransferError?>
    private var waiters: [(byteCount: Int, promise: EventLoopPromise<Void>)] = []
    private var body: [UInt8] = []
    private var calls = 0
    /// Called on the loop with each piece, after it has been kept.
    private let onBody: @Sendable (Recorder) -> Void

    init(on loop: any EventLoop, onBody: @escaping @Sendable (Recorder) -> Void = { _ in }) {
        self.loop = loop
        self.onBody = onBody
        headPromise = loop.makePromise()
        endPromise = loop.makePromise()
    }

    deinit {
        let error = TransferError(.unavailable, message: "the test let go of the recorder")
        headPromise.fail(error)
        endPromise.fail(error)
        waiters.forEach { $0.promise.fail(error) }
    }

    func received(_ head: ResponseHead) {
        calls += 1
        headPromise.succeed(head)
    }

    func received(_ piece: UnsafeRawBufferPointer) {
        calls += 1
        body.append(contentsOf: piece)
        let ready = waiters.filter { $0.byteCount <= body.count }
        waiters.removeAll { $0.byteCount <= body.count }
        ready.forEach { $0.promise.succeed() }
        onBody(self)
    }

    func ended(_ error: TransferError?) {
        calls += 1
        endPromise.succeed(error)
    }

    func head() async throws -> ResponseHead {
        try await headPromise.futureResult.get(waitingFor: "the head")
    }

    func end() async throws -> TransferError? {
        try await endPromise.futureResult.get(within: .seconds(120), waitingFor: "the end")
    }

    func reached(_ byteCount: Int) async throws {
        let promise = loop.makePromise(of: Void.self)
        loop.execute {
            if self.body.count >= byteCount {
                promise.succeed()
            } else {
                self.waiters.append((byteCount, promise))
            }
        }
        try await promise.futureResult.get(waitingFor: "\(byteCount) bytes of the body")
    }

    func bytes() async throws -> [UInt8] {
        try await loop.submit { self.body }.get()
    }

    func text() async throws -> String {
        String(decoding: try await bytes(), as: UTF8.self)
    }

    /// How often the engine has called so far.
    func callCount() async throws -> Int {
        try await loop.submit { self.calls }.get()
    }
}
