package import NIOCore
package import NIOHTTP1

/// Sets up a fresh server channel that becomes HTTP or a WebSocket by its first request.
package enum WebSocketUpgrade {
    /// 10 s from the connection to the end of its first request's head: a live client sends it at once, and a
    /// connection that says nothing should not be kept.
    package static let defaultHeadTimeout = Duration.seconds(10)

    /// Adds the HTTP/1 encoder and decoder, and a `WebSocketUpgradeHandler` behind them. To be called on the event
    /// loop, in the child channel's initializer.
    ///
    /// - Parameters:
    ///   - decide: asked for the first request, on the event loop; and again for a later one that asks for a
    ///     WebSocket, so it must have no effects of its own.
    ///   - http: adds what serves plain HTTP behind the handlers named above, before the first part is passed on.
    /// - Returns: what the channel has become; it never fails, but by what `http` throws.
    package static func configure<HTTP: Sendable>(
        _ channel: any Channel,
        headTimeout: Duration = WebSocketUpgrade.defaultHeadTimeout,
        decoderLimits: NIOHTTPDecoderLimitConfiguration = NIOHTTPDecoderLimitConfiguration(),
        decide: @escaping @Sendable (HTTPRequestHead) -> UpgradeDecision,
        http: @escaping @Sendable (any Channel) throws -> HTTP
    ) throws -> EventLoopFuture<UpgradeResult<HTTP>> {
        let encoder = HTTPResponseEncoder()
        // What a client sends behind its request's head are its first frames.
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: decoderLimits))
        let upgrade = WebSocketUpgradeHandler(
            encoder: encoder, decoder: decoder, headTimeout: headTimeout, decide: decide, http: http,
            result: channel.eventLoop.makePromise())
        try channel.pipeline.syncOperations.addHandlers([encoder, decoder, upgrade])
        return upgrade.result.futureResult
    }
}
