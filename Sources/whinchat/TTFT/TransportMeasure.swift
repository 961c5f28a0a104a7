/// The ways to get a reply that are compared.
enum TransportMeasure: String, CaseIterable {
    case webSocket = "WebSocket"
    case events = "POST /chat/stream (SSE)"
    case whole = "POST /chat"
}
