import CurlTransport
import JSON
package import NIOCore

/// An Ollama that answered, and the models that it has.
package struct OllamaServer: Hashable, Sendable {
    /// Host and port.
    package var address: String
    package var models: [String]

    /// Where Ollama listens by default.
    package static let defaultAddress = "127.0.0.1:11434"

    package init(address: String = OllamaServer.defaultAddress, models: [String]) {
        self.address = address
        self.models = models
    }

    /// Asks for the models (`GET /api/tags`). Nil where nothing answers within the time, or something else does.
    ///
    /// - Parameter limit: for all of it. Default 1 s: on loopback an Ollama answers within milliseconds.
    package static func probe(
        address: String = OllamaServer.defaultAddress, over loop: ModelLoop, within limit: TimeAmount = .seconds(1)
    ) -> EventLoopFuture<OllamaServer?> {
        let promise = loop.eventLoop.makePromise(of: OllamaServer?.self)
        loop.eventLoop.execute {
            OllamaProbe(address: address, promise: promise).start(over: loop, within: limit)
        }
        return promise.futureResult
    }

    /// The names in an answer of `/api/tags`: `{"models":[{"name":"llama3.2:latest",…}]}`.
    static func models(in body: [UInt8]) -> [String]? {
        guard let list = (try? JSONValue(parsing: body))?["models"]?.arrayValue else { return nil }
        return list.compactMap { $0["name"]?.stringValue ?? $0["model"]?.stringValue }
    }
}

private final class OllamaProbe: TransferReceiver {
    /// 1 MiB: some kilobyte for each model.
    private let bodyLimitBytes = 1024 * 1024
    private let address: String
    private var promise: EventLoopPromise<OllamaServer?>?
    private var transfer: Transfer?
    private var alarm: Scheduled<Void>?
    private var isGood = false
    private var body: [UInt8] = []

    init(address: String, promise: EventLoopPromise<OllamaServer?>) {
        self.address = address
        self.promise = promise
    }

    func start(over loop: ModelLoop, within limit: TimeAmount) {
        alarm = loop.eventLoop.assumeIsolated().scheduleTask(in: limit) { self.end(nil) }
        transfer = loop.transfers.start(
            TransferRequest(
                method: .get, url: "http://\(address)/api/tags",
                connectTimeout: .nanoseconds(limit.nanoseconds)),
            receiver: self)
    }

    func received(_ head: ResponseHead) { isGood = head.status == 200 }

    func received(_ bytes: UnsafeRawBufferPointer) {
        guard body.count + bytes.count <= bodyLimitBytes else { return end(nil) }
        body.append(contentsOf: bytes)
    }

    func ended(_ error: TransferError?) {
        guard error == nil, isGood, let models = OllamaServer.models(in: body) else { return end(nil) }
        end(OllamaServer(address: address, models: models))
    }

    private func end(_ server: OllamaServer?) {
        promise?.succeed(server)
        promise = nil
        alarm?.cancel()
        transfer?.cancel()
        transfer = nil
    }
}
