import HTTPTypes
import Hummingbird
import NIOCore
import Prometheus
import Sessions

/// `GET /metrics`: what is counted, in Prometheus' text format.
struct MetricsRoute: Sendable {
    static let path = "/metrics"
    /// The version of the format is part of its type.
    private static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    let registry: PrometheusRegistry
    let access: MetricsAccess
    let directory: SessionDirectory?
    let sockets: OpenConnections
    /// Responses that stream or wait, where the chat is served over HTTP.
    let streams: OpenConnections?

    func add(to router: Router<ChatRequestContext>) {
        guard access != .off else { return }
        router.on(RouterPath(Self.path), method: .get) { try await answer($0, $1) }
        router.on(RouterPath(Self.path), method: .head) { try await answer($0, $1).createHeadResponse() }
    }

    private func answer(_ request: Request, _ context: ChatRequestContext) async throws -> Response {
        let evidence = IdentityRule.Evidence(request.headers, peer: context.channel.remoteAddress)
        guard access.allows(evidence, host: request.head.authority) else {
            throw Problem(
                .forbidden, "Metrics are for programs of the server's own machine, not through a proxy (--metrics).")
        }
        let text = registry.text(adding: await samples() + ProcessSamples.current())
        return ChatRoutes.response(ByteBuffer(string: text), Self.contentType)
    }

    /// What is not counted as it happens, but looked up.
    private func samples() async -> [MetricSample] {
        var samples = [
            MetricSample("whinchat_build_info", BuildInfo.labels, 1),
            MetricSample("whinchat_websocket_connections", [], sockets.count),
        ]
        if let streams { samples.append(MetricSample("whinchat_http_streams", [], streams.count)) }
        guard let directory else { return samples }
        let census = await directory.census()
        return samples + [
            MetricSample("whinchat_sessions", [("state", "loaded")], census.loaded),
            MetricSample("whinchat_sessions", [("state", "resting")], census.resident - census.loaded),
            MetricSample("whinchat_sessions_owing", [], census.owing),
            MetricSample("whinchat_turns", [("state", "running")], census.running),
            MetricSample("whinchat_turns", [("state", "awaiting")], census.awaiting),
            MetricSample("whinchat_turns", [("state", "waiting")], census.waiting),
            MetricSample("whinchat_relayed_frames_total", [], census.relayedFrames),
            MetricSample("whinchat_relayed_bytes_total", [], census.relayedBytes),
        ]
    }
}
